"""Numbered editions on many machines: each variant is made where there is room, and comes home in a parcel.

What travels there is the edition as a record and the origin's bytes; keys stay at home, where everything is signed.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from installation.cluster.parcel import Parcel, pack, unpack
from installation.cluster.passport import Passport
from installation.cluster.passport import passport as own_passport
from installation.cluster.reach import Reach
from installation.cluster.spread import Needs, News, UnfinishedError, silent, spread
from installation.machine.files import write_whole
from installation.panels import all_knobs
from installation.publishing.numbered import Edition, Wanted, loaded, made
from installation.publishing.portfolio import Outcome, Portfolio
from installation.publishing.variants import Variant

if TYPE_CHECKING:
    from installation.machine.settings import Settings
    from installation.restorers import Restorer

ROUNDS = 3  # of asking again for what was made and then lost, with its machine, on its way home
LOST = "it was made, but the machine that had it was lost before it came. Give the same command again."


@dataclass(frozen=True, slots=True)
class Job:
    """One variant to be made elsewhere, with the picture it begins from."""

    edition: Edition
    variant: Variant
    origin: bytes


def spread_out(
    portfolio: Portfolio, reach: Reach, settings: Settings, progress: Callable[[News], None] = silent
) -> Iterator[Outcome]:
    """Make what is missing on all machines of a cluster, and give each its place as it comes.

    Raises ``ClusterError`` where nobody can work, ``StorageError`` where there is no room here.
    """
    waiting = {portfolio.edition.title(each): each for each in portfolio.missing()}
    ours, needs = passport(portfolio.edition, settings), _needs(portfolio.edition)
    for _ in range(ROUNDS):
        jobs = _jobs(portfolio.edition, waiting)
        try:
            for title, parcel in spread(jobs, made_there, reach, passport=ours, needs=needs, progress=progress):
                outcome = _received(portfolio, waiting[title], parcel)
                if outcome is not None:
                    del waiting[title]
                    yield outcome
        except UnfinishedError as unfinished:
            for title, why in unfinished.left.items():
                yield Outcome(waiting.pop(title), why)
        if not waiting:
            return
    yield from (Outcome(variant, LOST) for variant in waiting.values())


def passport(edition: Edition, settings: Settings) -> Passport:
    """What a machine must have for its variants to be ours, hash for hash."""
    return own_passport([(edition.scene.restorer, edition.scene.model)], settings)


def made_there(job: Job) -> Parcel:
    """A variant with its films and its page, made in a folder of this machine that is gone afterwards."""
    all_knobs()  # they are declared when their rooms are opened, and the log says where all of them stand
    with tempfile.TemporaryDirectory(prefix="burntout-variant-") as folder:
        scene = job.edition.scene
        origin = Path(folder) / "origin" / scene.origin.name
        write_whole(origin, job.origin)
        here = dataclasses.replace(job.edition, scene=dataclasses.replace(scene, origin=origin))
        made(here, job.variant, _restorer(here.restorer), Path(folder) / "made", lambda _: None)
        return pack(Path(folder) / "made")


@lru_cache(maxsize=1)
def _restorer(wanted: Wanted) -> Restorer:
    """A worker makes many variants of an edition: its weights are read once."""
    return loaded(wanted)


def _jobs(edition: Edition, waiting: Mapping[str, Variant]) -> Mapping[str, Job]:
    origin = edition.scene.origin.read_bytes()
    return {title: Job(edition, variant, origin) for title, variant in waiting.items()}


def _needs(edition: Edition) -> Needs:
    return Needs(cpus=edition.terms.threads, gpus=0.0 if edition.terms.device == "cpu" else 1.0)


def _received(portfolio: Portfolio, variant: Variant, parcel: Parcel) -> Outcome | None:
    """Unpack it; None where the machine that held its pieces has gone with them."""
    import ray

    try:
        return portfolio.attempt(variant, partial(unpack, parcel, portfolio.place(variant)))
    except ray.exceptions.RayError:
        return None
