"""What can be done to a machine while the piece plays on it: disks, memory and models that really fail."""

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support import until

BAD_LAYER = "conv_out.weight"


def require(tool: str, package: str) -> None:
    """Skip without a tool, naming the Debian package that brings it."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is missing; install the package {package}")


def mount(*words: str) -> bool:
    """Mount something, if that is allowed here."""
    command = ["mount", *words]
    return os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True, timeout=20).returncode == 0


def unmount(place: Path) -> None:
    """Take the uppermost mount off a folder, whoever still looks into it."""
    subprocess.run(["umount", "-l", str(place)], check=True, timeout=20)


@contextlib.contextmanager
def small_disk(place: Path, size: str) -> Iterator[bool]:
    """A disk of its own in a folder; gives False, and changes nothing, where nobody may mount."""
    is_there = mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
    try:
        yield is_there
    finally:
        if is_there:
            unmount(place)


@contextlib.contextmanager
def read_only(place: Path) -> Iterator[None]:
    """Whatever is opened in a folder from now on can only be read."""
    if not mount("--bind", str(place), str(place)):
        pytest.skip("mounting needs root and CAP_SYS_ADMIN")
    try:
        assert mount("-o", "remount,bind,ro", str(place))
        yield
    finally:
        unmount(place)


@contextlib.contextmanager
def filled(folder: Path, leave: int) -> Iterator[None]:
    """A file so large that only so many bytes are left on a disk."""
    rubbish = folder / "rubbish"
    try:
        until(lambda: _fills(rubbish, leave), 10.0)
        yield
    finally:
        rubbish.unlink()


def _fills(rubbish: Path, leave: int) -> bool:
    """Whether a file took all but so many bytes; not where somebody else wrote between the asking and the taking."""
    with rubbish.open("wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, max(shutil.disk_usage(rubbish.parent).free - leave, 1))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return False
    return True


@contextlib.contextmanager
def slow_disk(pid: int, delay: float) -> Iterator[None]:
    """Every fsync of a running process takes so many seconds longer: strace holds it up on its way."""
    require("strace", "strace")
    held_up = ["-e", "trace=fsync", "-e", f"inject=fsync:delay_enter={delay * 1e6:.0f}"]
    tracer = subprocess.Popen(
        ["strace", "-f", "-o", os.devnull, *held_up, "-p", str(pid)], stderr=subprocess.PIPE, text=True
    )
    try:
        said = tracer.stderr.readline() if tracer.stderr else ""
        if "attached" not in said:
            pytest.skip(f"strace may not look on, it needs CAP_SYS_ADMIN or CAP_SYS_PTRACE: {said.strip()}")
        yield
    finally:
        tracer.send_signal(signal.SIGINT)  # it lets go of the process, which goes on
        tracer.communicate(timeout=30.0)


def starve(pid: int) -> None:
    """Give a running process no more memory than it has."""
    process = psutil.Process(pid)
    process.rlimit(psutil.RLIMIT_AS, (process.memory_info().vms, psutil.RLIM_INFINITY))


def diverged_pipeline(folder: Path) -> Path:
    """A tiny diffusion pipeline with one layer that is not a number: a training that diverged."""
    from tests.restorers.tiny_pipeline import build  # seconds of imports

    weights = build(folder) / "unet" / "diffusion_pytorch_model.safetensors"
    data = bytearray(weights.read_bytes())
    length = int.from_bytes(data[:8], "little")
    begin, end = json.loads(data[8 : 8 + length])[BAD_LAYER]["data_offsets"]
    data[8 + length + begin : 8 + length + end] = b"\xff" * (end - begin)  # NaN, in every format of numbers
    weights.write_bytes(data)
    return folder
