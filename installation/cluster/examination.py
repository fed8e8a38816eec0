"""What the doctor looks at in a cluster: who is there, who paints as this machine does, whose clock agrees.

And whether strangers get in. Nothing plays and nothing is changed. Every machine is asked by an actor of its own, which
leaves with its answers.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.cluster.clock import RECENT, Exchange, Times, exchange, reckon
from installation.cluster.passport import Passport, here, passport, refusal
from installation.cluster.reach import LOCAL, ClusterError, is_loopback, reached
from installation.errors import Refusal

if TYPE_CHECKING:
    from installation.cluster.reach import Node, Reach
    from installation.machine.settings import Settings

RESTORERS = (("archive", None), ("ember", None))  # what every machine carries
PATIENCE = 60.0  # seconds for a machine to answer: Python has to start there
KNOCK = 20.0  # seconds for a stranger to be let in or not
CLOSED = 3  # the exit code of somebody who was refused
#: Asked in a process of its own, which has no token: what is in the environment holds for a whole process.
_STRANGER = f"""
import sys
from ray._raylet import GcsClient
from ray.exceptions import AuthenticationError
try:
    GcsClient(address=sys.argv[1]).internal_kv_keys(b"", None, 5)
except AuthenticationError:
    sys.exit({CLOSED})
"""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was seen, in a sentence; ``well`` is false where somebody has to do something."""

    well: bool
    sentence: str


class Host:
    """What stands on a machine that is examined."""

    def passport(self, restorers: Sequence[tuple[str, str | None]], models: Path | None, threads: int) -> Passport:
        """This machine's."""
        return here(restorers, models, threads)

    def clock(self) -> Times:
        """When the question was heard, and when it is answered, in Unix nanoseconds."""
        return time.time_ns(), time.time_ns()


def examine(settings: Settings) -> Iterator[Remark]:
    """The cluster of ``settings``, remark by remark; none where it names no cluster."""
    place = settings.cluster.address
    if place is None:
        return
    if place == LOCAL:
        yield Remark(well=True, sentence="A private one on this machine, for a try; nobody else gets in.")
        return
    try:
        with reached(place, patience=min(settings.cluster.patience, PATIENCE)) as reach:
            yield from _seen(reach, place, settings)
    except ClusterError as refused:
        yield Remark(well=False, sentence=f"{refused} Until then the engines play on this machine.")


def _seen(reach: Reach, place: str, settings: Settings) -> Iterator[Remark]:
    nodes = reach.nodes()
    cores, cards = sum(node.cpus for node in nodes), sum(node.gpus for node in nodes)
    machines, gives = _counted(len(nodes), "machine"), f"{_counted(cores, 'core')} and {_counted(cards, 'card')}"
    yield Remark(well=True, sentence=f"{place} answers: {machines} with {gives} to give.")
    yield _closed(place)
    ours = passport(RESTORERS, settings)
    for node in nodes:
        yield _met(node, ours, 0.5 / settings.stage.rate)


def _met(node: Node, ours: Passport, half_frame: float) -> Remark:
    """Whether a machine paints as this one does, and what its clock says."""
    try:
        with _visited(node) as host, _in_words():
            theirs = host.passport.remote(RESTORERS, ours.models, ours.threads).future().result(PATIENCE)
            letters = [_letter(host) for _ in range(RECENT)]
    except Refusal as refused:
        return Remark(well=False, sentence=f"{node.place} does not answer: {refused}")
    known, tolerance_ns = reckon(letters, letters[-1].returned_ns), half_frame * 1e9
    wrong = refusal(theirs, ours, node.place) or known.complaint(node.place, tolerance_ns)
    offset, error = known.offset_ns / 1e6, known.error_ns / 1e6
    agrees = f"paints as this machine does; its clock is {offset:+.2f} ms off (within {error:.2f})"
    return Remark(
        well=not wrong,
        sentence=wrong or f"{node.place}: {_counted(node.cpus, 'core')}, {_counted(node.gpus, 'card')}, {agrees}.",
    )


@contextlib.contextmanager
def _visited(node: Node) -> Iterator[Any]:
    """An actor on a machine, for as long as it is asked."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(node_id=node.name, soft=False)
    host: Any = ray.remote(Host).options(num_cpus=0, scheduling_strategy=there).remote()
    try:
        yield host
    finally:
        ray.kill(host)


def _letter(host: Any) -> Exchange:
    met: Future[Exchange] = exchange(lambda: host.clock.remote().future(), time.time_ns)
    return met.result(PATIENCE)


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    """What goes wrong with an answer, as a refusal: the machine's own, or ``ClusterError``."""
    from ray.exceptions import RayError

    try:
        yield
    except TimeoutError as error:
        raise ClusterError(
            f"Nothing came within {PATIENCE:g} s. Look at its log: journalctl -u burntout-worker."
        ) from error
    except RayError as error:
        if isinstance(cause := getattr(error, "cause", None), Refusal):
            raise cause from error
        raise ClusterError(f"{str(error).strip().splitlines()[0]} Install the same Burntout there.") from error


def _counted(number: float, what: str) -> str:
    return f"{number:g} {what}" if number == 1 else f"{number:g} {what}s"


def _closed(place: str) -> Remark:
    """Whether somebody without the token gets in."""
    if is_loopback(place):
        return Remark(well=True, sentence="It listens to this machine only.")
    if refuses_strangers(place):
        return Remark(well=True, sentence="Whoever comes without the token is refused.")
    return Remark(
        well=False,
        sentence=f"{place} does not refuse those who come without the token, and whoever is in may run programs there. "
        "Start it with RAY_AUTH_MODE=token (deploy/cluster/README.md).",
    )


def refuses_strangers(place: str) -> bool:
    """Whether a head says no to a process that has no token; one that says nothing has not refused."""
    environment = os.environ | {"RAY_AUTH_MODE": "disabled"}
    command = (sys.executable, "-c", _STRANGER, place)
    try:
        told = subprocess.run(command, env=environment, capture_output=True, timeout=KNOCK, check=False)  # noqa: S603 - ourselves
    except subprocess.TimeoutExpired:
        return False
    return told.returncode == CLOSED
