"""A real Ray cluster of several nodes on this machine, which listens to nobody else, and work to give to it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import psutil

from installation.cluster.parcel import Parcel, pack
from installation.cluster.reach import environment, heed, surroundings
from installation.errors import Refusal
from tests.support import until

STORE_BYTES = 80 * 2**20  # the least that Ray agrees to
LOOPBACK = "127.0.0.1:1"
PATIENCE = 60.0  # seconds for what a worker waits for


@dataclass(frozen=True)
class Federation:
    """``address`` is the head's. Nodes may join, and be killed."""

    cluster: Any
    folder: Path

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def join(self, surroundings: Mapping[str, str] | None = None, **resources: Any) -> Any:
        """One more node, with some variables of its own in its environment."""
        with _at(self.folder), environment(surroundings or {}):
            return self.cluster.add_node(**{"num_cpus": 1, "object_store_memory": STORE_BYTES} | resources)

    def kill(self, node: Any) -> None:
        """As a machine does whose plug is pulled."""
        self.cluster.remove_node(node, allow_graceful=False)

    def lose_head(self) -> None:
        """Its records are gone, and nobody answers for it."""
        self.cluster.head_node.kill_gcs_server(check_alive=False)


@contextlib.contextmanager
def federation(nodes: int = 3, cpus: int = 1) -> Iterator[Federation]:
    """So many nodes of so many processors each, and nothing left of them afterwards."""
    from ray.cluster_utils import Cluster

    resource_tracker.ensure_running()  # Python's own, once for all processes: it outlives every test
    before = set(psutil.Process().children(recursive=True))
    with tempfile.TemporaryDirectory(prefix="bt-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "ray").mkdir()
        with _at(Path(folder)):
            cluster = Cluster(shutdown_at_exit=True)
        founded = Federation(cluster, Path(folder))
        founded.join(include_dashboard=False, num_cpus=cpus)
        for _ in range(nodes - 1):
            founded.join(num_cpus=cpus)
        try:
            yield founded
        finally:
            for node in reversed(cluster.list_all_nodes()):
                founded.kill(node)
        _, alive = psutil.wait_procs(set(psutil.Process().children(recursive=True)) - before, timeout=20.0)
        assert alive == []


@contextlib.contextmanager
def _at(folder: Path) -> Iterator[None]:
    import ray

    with environment({**surroundings(LOOPBACK), "RAY_TMPDIR": str(folder)}):
        heed(ray)
        yield


class NoSquareError(Refusal):
    """What the work below refuses."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A number to square, and a folder where those who do it leave their traces."""

    number: int
    folder: Path = Path()
    company: int = 1


@dataclass(frozen=True, slots=True)
class Square:
    """The answer, and on which node and by whom it was found."""

    number: int
    node: str
    pid: int


def squared(errand: Errand) -> Square:
    import ray

    return Square(errand.number**2, ray.get_runtime_context().get_node_id(), os.getpid())


def squared_together(errand: Errand) -> Square:
    """Nobody answers before so many have begun."""
    (errand.folder / str(errand.number)).touch()
    until(lambda: len(list(errand.folder.iterdir())) >= errand.company, PATIENCE)
    return squared(errand)


def squared_by_the_second(errand: Errand) -> Square:
    """The first who tries is killed."""
    try:
        (errand.folder / str(errand.number)).touch(exist_ok=False)
    except FileExistsError:
        return squared(errand)
    return die(errand)


def squared_by_the_patient(errand: Errand) -> Square:
    """The first who tries waits for ever, and says who it is; whoever comes later does not."""
    if (errand.folder / f"{errand.number}.pid").exists():
        return squared(errand)
    return _waiting(errand)


def squared_if_not_nought(errand: Errand) -> Square:
    """Nought takes for ever; other numbers are done when somebody is at it."""
    if errand.number == 0:
        return _waiting(errand)
    until(lambda: list(errand.folder.glob("*.pid")), PATIENCE)
    return squared(errand)


def _waiting(errand: Errand) -> Square:
    (errand.folder / f"{errand.number}.pid").write_text(str(os.getpid()))
    threading.Event().wait(PATIENCE)
    return squared(errand)


def die(errand: Errand) -> Square:
    """Killed in the middle."""
    os.kill(os.getpid(), signal.SIGKILL)
    return squared(errand)


def squared_if_even(errand: Errand) -> Square:
    if errand.number % 2:
        raise NoSquareError(f"{errand.number} is odd. Give an even number.")
    return squared(errand)


def divided_by_nothing(errand: Errand) -> float:
    return errand.number / 0


def blown_up(errand: Errand) -> bytes:
    """So many megabytes."""
    return bytes([errand.number]) * (errand.number * 2**20)


def packed(errand: Errand) -> Parcel:
    """A folder with files of so many bytes."""
    with tempfile.TemporaryDirectory() as folder:
        write_folder(Path(folder), errand.number)
        return pack(Path(folder))


def write_folder(folder: Path, size: int) -> None:
    """An empty file, one of so many bytes in a folder below, and one of text."""
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "noise.bin").write_bytes(hashlib.shake_128(b"noise").digest(size))
    (folder / "empty").touch()
    (folder / "page.html").write_text("<p>burnt</p>")


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by their names below it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
