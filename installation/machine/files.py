"""Files are replaced, never rewritten; and where things are, in a checkout, in a wheel and on a gallery machine."""

import contextlib
import fcntl
import logging
import mmap
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs

from installation.errors import Refusal

log = logging.getLogger(__name__)

PACKAGE = Path(__file__).resolve().parents[1]


class StorageError(Refusal):
    """A folder that cannot be written, with what to do about it."""


def share(kind: str) -> Path:
    """The folder of shipped ``scenes`` or ``assets``: inside the wheel, or beside the package in a checkout."""
    packed = PACKAGE / "_share" / kind
    return packed if packed.is_dir() else PACKAGE.parent / kind


def default_state() -> Path:
    """Where takes, checkpoints and logs live: systemd's ``$STATE_DIRECTORY``, else the platform's state folder."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(given) if given else platformdirs.user_state_path("burntout")


def write_atomically(path: Path, content: bytes | str) -> None:
    """Replace a file whole or not at all: written beside, flushed to the disk, renamed. Raises ``StorageError``."""
    _replace(path, content, settle=os.fsync)


def write_whole(path: Path, content: bytes | str) -> None:
    """The same for what need not outlive the power, such as files in memory: nobody waits for a disk."""
    _replace(path, content, settle=lambda _: None)


def _replace(path: Path, content: bytes | str, settle: Callable[[int], None]) -> None:
    """``settle`` is given the open file, then its folder: a power cut may otherwise bring the old file back."""
    data = content.encode() if isinstance(content, str) else content
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            settle(file.fileno())
        beside.replace(path)
        _settle_folder(path.parent, settle)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written ({error.strerror}). Make room or choose another --state."
        ) from error
    finally:
        with contextlib.suppress(OSError):  # nothing is there when all went well
            beside.unlink()


def write_and_keep(path: Path, content: bytes | str, kept: int) -> None:
    """The same, and what stood there before stays beside it: so many files in all. Raises ``StorageError``.

    Whenever the power goes, the newest stands whole under its own name.
    """
    for place in range(kept - 1, 0, -1):
        _step_back(older(path, place - 1), older(path, place))
    write_atomically(path, content)


def older(path: Path, place: int) -> Path:
    """Where the last but so many stands: ``state.json`` itself, then ``state.1.json``, ``state.2.json``."""
    return path.with_name(f"{path.stem}.{place}{path.suffix}") if place else path


def _step_back(newer: Path, place: Path) -> None:
    """Give a file an older one's name; it keeps its own until it is replaced. A disk without room changes nothing."""
    beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):
        beside.hardlink_to(newer)
        beside.replace(place)
    with contextlib.suppress(OSError):  # renamed onto another name of the same file, it is still there
        beside.unlink()


def _settle_folder(folder: Path, settle: Callable[[int], None]) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        settle(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Use a state folder as the only one: two pieces would overwrite each other's checkpoints.

    The lock is the kernel's and goes with the process, however that ends. Raises ``StorageError`` when the folder is
    in use; where no lock file can be made, nobody else can write either.
    """
    with contextlib.ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = held.enter_context((folder / "lock").open("a"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StorageError(f"Another piece is playing with {folder}. End it, or choose another --state.") from None
        except OSError:
            log.debug("No lock in %s; whatever is wrong with it is said when it is used.", folder)
        yield


def mapped(path: Path) -> mmap.mmap:
    """A file as memory that every process mapping it shares."""
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 0)


def require_writable(folder: Path) -> Path:
    """The folder, made if need be. Raises ``StorageError`` when nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"burntout")
    except OSError as error:
        raise StorageError(
            f"The state folder {folder} cannot be written ({error.strerror}). "
            "Give it to this user, make room, or choose another with --state."
        ) from error
    return folder
