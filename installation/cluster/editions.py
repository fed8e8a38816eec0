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
    variants = {portfolio.edition.title(each): each for each in portfolio.missing()}
    ours, needs = passport(portfolio.edition, settings), _needs(portfolio.edition)

    def home(title: str, parcel: Parcel) -> Outcome:
        variant = variants[title]
        return portfolio.attempt(variant, partial(unpack, parcel, portfolio.place(variant)))

    jobs = _jobs(portfolio.edition, variants)
    try:
        for _, outcome in spread(jobs, made_there, reach, passport=ours, needs=needs, keep=home, progress=progress):
            yield outcome
    except UnfinishedError as unfinished:
        yield from (Outcome(variants[title], why) for title, why in unfinished.left.items())


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


def _jobs(edition: Edition, variants: Mapping[str, Variant]) -> Mapping[str, Job]:
    origin = edition.scene.origin.read_bytes()
    return {title: Job(edition, variant, origin) for title, variant in variants.items()}


def _needs(edition: Edition) -> Needs:
    return Needs(cpus=edition.terms.threads, gpus=0.0 if edition.terms.device == "cpu" else 1.0)
