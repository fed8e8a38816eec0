"""The way to other machines: a Ray cluster that is joined, or a private one on this machine, and left again.

Ray is an optional extra. Nothing of it is imported before somebody reaches out, nothing is sent to its makers, and
nothing it says reaches a terminal. Whoever may talk to a cluster may run code on it, so beyond this machine a token is
asked for.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import secrets
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.errors import Refusal
from installation.machine.settings import split_target

if TYPE_CHECKING:
    from types import ModuleType

log = logging.getLogger(__name__)

LOCAL = "local"
SHORT = "/tmp"  # noqa: S108 - where a shorter path than the usual one is needed
INSTALL = "pip install 'burntout[cluster]'"
HOW_TO_GET_IN = "Copy the head's ~/.ray/auth_token, or name another with RAY_AUTH_TOKEN_PATH."
GLANCE = 0.2  # seconds between two knocks at a door that nobody has opened yet
KNOCK = 2.0  # seconds for one of them
STORE_BYTES = 128 * 2**20  # of a private cluster's object store; what does not fit goes to the disk
#: What Ray must know before it is imported, in this process and in every one that it starts.
QUIET: Mapping[str, str] = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # it would rebuild the environment on every node
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # it warns of what will be so in its next version
    "RAY_COLOR_PREFIX": "0",
}
#: Ray asks other machines for this one's address, unless it believes that there can be none. It then listens on
#: loopback only, where it would otherwise listen to everybody.
ON_LOOPBACK: Mapping[str, str] = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


class ClusterError(Refusal):
    """What cannot be done on a cluster, or not on this one, with what to do about it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of a cluster: Ray's ``name`` for it, its ``place`` in the network, and what it has to give.

    ``door`` is where Ray answers there, as ``HOST:PORT``.
    """

    name: str
    place: str
    door: str
    cpus: float
    gpus: float

    def answers(self) -> bool:
        """Whether somebody still listens there: the head takes a while to notice that nobody does."""
        return _listens(self.door)


@dataclass(frozen=True, slots=True)
class Reach:
    """A cluster that is joined: ``address`` is its head's, as ``HOST:PORT``."""

    address: str
    patience: float = 30.0

    def nodes(self) -> tuple[Node, ...]:
        """The machines that are alive, by name. Raises ``ClusterError`` where the head no longer answers."""
        if not self.answers():
            raise ClusterError(f"The head of the cluster at {self.address} is lost. Start it again, then this.")
        alive = (node for node in _ray().nodes() if node["Alive"])
        return tuple(sorted((_node(told) for told in alive), key=lambda node: node.name))

    def answers(self) -> bool:
        """Whether somebody still listens at the head. Ray itself would end this process a minute after it fell."""
        return _listens(self.address)


@contextlib.contextmanager
def reached(place: str, *, patience: float = 30.0, cpus: int = 0) -> Iterator[Reach]:
    """A cluster for as long as it is needed: ``local``, or the head's ``HOST:PORT``.

    ``local`` starts a private Ray that only this machine can talk to, with so many ``cpus`` (0: as many as there are).
    A head that is not there yet is waited for, ``patience`` seconds at most. Raises ``ClusterError`` where Ray is
    missing, nobody answers, or what answers is another version.
    """
    _check(place)
    with environment(surroundings(place)), contextlib.ExitStack() as after:
        ray = _ray()
        if ray.is_initialized():
            raise ClusterError("This process has reached a cluster already. Leave that first.")
        if place != LOCAL:
            _await_door(place, patience)
        asked = {"address": place} if place != LOCAL else _private(after.enter_context(_short_folder()), cpus)
        yield Reach(after.enter_context(_joined(ray, place, asked)), patience)


def surroundings(place: str) -> dict[str, str]:
    """What Ray reads of the environment, for a place: in this process and in every one that it starts."""
    if place == LOCAL:
        return {**QUIET, **ON_LOOPBACK, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    if is_loopback(place):
        return {**QUIET, **ON_LOOPBACK, "RAY_AUTH_MODE": os.environ.get("RAY_AUTH_MODE", "disabled")}
    return {**QUIET, "RAY_AUTH_MODE": "token"}


@contextlib.contextmanager
def environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Some variables for as long as they are needed; what Ray adds to them goes too."""
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def is_loopback(place: str) -> bool:
    """Whether a ``HOST:PORT`` can only be this machine's."""
    host, _ = split_target(place)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _ray() -> ModuleType:
    """Ray itself. Raises ``ClusterError`` where it is not installed."""
    try:
        import ray
    except ImportError as error:
        raise ClusterError(f"Ray is not installed, and it is what reaches other machines: {INSTALL}") from error
    return ray


def _check(place: str) -> None:
    """Raises ``ClusterError`` for what is no place."""
    try:
        _ = place == LOCAL or split_target(place)
    except ValueError as error:
        raise ClusterError(f"{error}; or {LOCAL}, for all processors of this machine.") from error


@contextlib.contextmanager
def _joined(ray: Any, place: str, asked: Mapping[str, Any]) -> Iterator[str]:
    """This process as a driver of the cluster, until it leaves; the address of the cluster's head."""
    with _hushed(ray), contextlib.ExitStack() as after:
        heed(ray)
        after.callback(ray.shutdown)
        try:
            with _same_signals():  # SIGTERM must find us in an orderly end: there may be checkpoints to write
                ray.init(**asked, log_to_driver=False, configure_logging=False)
        except (ray.exceptions.RayError, RuntimeError, ConnectionError, ValueError, TimeoutError) as error:
            raise ClusterError(_sentence(ray, place, error)) from error
        yield ray.get_runtime_context().gcs_address


@contextlib.contextmanager
def _short_folder() -> Iterator[Path]:
    """A folder for sockets, whose paths may have 107 bytes; Ray adds 65 of its own."""
    above = min(tempfile.gettempdir(), SHORT, key=len)
    with tempfile.TemporaryDirectory(prefix="bt-", dir=above, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _private(folder: Path, cpus: int) -> dict[str, Any]:
    return {
        "address": LOCAL,
        "num_cpus": cpus or os.cpu_count() or 1,
        "include_dashboard": False,
        "object_store_memory": STORE_BYTES,
        "_node_ip_address": "127.0.0.1",
        "_temp_dir": str(folder),
    }


def heed(ray: Any) -> None:
    """Ray reads its environment once in a process's life; here it reads it again."""
    constants = ray._private.ray_constants  # noqa: SLF001 - it has no public way
    constants.ENABLE_RAY_CLUSTER = constants.env_bool(constants.ENABLE_RAY_CLUSTERS_ENV_VAR, default=True)
    ray._raylet.Config.initialize("")  # noqa: SLF001 - the same
    ray._raylet.AuthenticationTokenLoader.instance().reset_cache()  # noqa: SLF001 - the same


@contextlib.contextmanager
def _hushed(ray: Any) -> Iterator[None]:
    """What Ray prints about nodes and workers that die goes into the log: whoever spreads work says it in our words."""
    worker, quiet = ray._private.worker, logging.getLogger("ray")  # noqa: SLF001 - it has no switch for it
    prints, level = worker.print_to_stdstream, quiet.level
    worker.print_to_stdstream = lambda data, **_: log.debug("Ray: %s", " ".join(data["lines"]))
    quiet.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        worker.print_to_stdstream = prints
        quiet.setLevel(level)


@contextlib.contextmanager
def _same_signals() -> Iterator[None]:
    """Ray answers SIGTERM in its own way; afterwards it is as before."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _await_door(place: str, patience: float) -> None:
    """Wait until somebody listens. Raises ``ClusterError``."""
    deadline = time.monotonic() + patience
    while not _listens(place):
        if time.monotonic() > deadline:
            raise ClusterError(
                f"Nobody answered at {place} within {patience:g} s. Start the cluster's head there, or use {LOCAL}."
            )
        time.sleep(GLANCE)


def _listens(place: str) -> bool:
    try:
        with socket.create_connection(split_target(place), timeout=KNOCK):
            return True
    except OSError:
        return False


def _sentence(ray: Any, place: str, error: Exception) -> str:
    told = " ".join(str(error).split())
    if isinstance(error, ray.exceptions.AuthenticationError):
        return f"The cluster at {place} asks for a token, and there is none here. {HOW_TO_GET_IN}"
    if isinstance(error, ConnectionError):
        why = "it is no head of a Ray cluster, or has another token"
        return f"{place} does not let this machine in: {why}. {HOW_TO_GET_IN}"
    if "ersion mismatch" in told:
        return f"The cluster at {place} runs other versions: {told} Install the same ones on every machine."
    return f"The cluster at {place} cannot be joined: {told}"


def _node(told: Mapping[str, Any]) -> Node:
    has, place = told["Resources"], told["NodeManagerAddress"]
    door = f"[{place}]:{told['NodeManagerPort']}" if ":" in place else f"{place}:{told['NodeManagerPort']}"
    return Node(told["NodeID"], place, door, has.get("CPU", 0.0), has.get("GPU", 0.0))
