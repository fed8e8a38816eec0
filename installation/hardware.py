"""What the doctor looks at in the machine itself: card, displays, OpenGL, clock, disk, sensors, letters, projectors.

Each look gives one finding, and where something lacks, what to do about it. None takes longer than a few seconds.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from installation.machine.files import StorageError, share
from installation.machine.settings import split_target
from installation.programme.pjlink import Power, ProjectorError, linked
from installation.readings.register import Missing
from installation.readings.sensors import open_processor
from installation.relief.strain import this_machine
from installation.stage.overlays import faces

if TYPE_CHECKING:
    from installation.machine.settings import Settings

Grade = Literal["good", "note", "bad"]
SYNCS = 20  # writes of one block, each flushed
SLOW_SYNC = 0.1  # seconds: a checkpoint flushed every ten seconds must not be felt
BLOCK = 4096
PATIENCE = 5.0  # seconds for a program that is asked
UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_MODE = re.compile(
    r"^(\S+) (?:connected|unknown connection)[^\n]*\n(?:(?!\S).*\n)*?\s+(\d+)x(\d+)\S*\s[^\n]*?([\d.]+)\*", re.MULTILINE
)
#: Asked in a process of its own: a driver that fails takes its process with it.
_OPENGL = "from installation.stage.graphics import windowless; import sys; sys.stdout.write(windowless())"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``fatal``: the piece cannot play like this."""

    grade: Grade
    what: str
    sentence: str

    @property
    def fatal(self) -> bool:
        """Whether the piece cannot play."""
        return self.grade == "bad"


def card(_: Settings) -> Finding:
    """NVIDIA's driver and the memory of its cards."""
    import pynvml  # type: ignore[import-untyped] # NVIDIA ships none

    try:
        pynvml.nvmlInit()
        try:
            return cards(pynvml)
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        return Finding(
            "note", "card", f"No NVIDIA card ({error}). Is there one: apt-get install nvidia-driver, reboot."
        )


def cards(nvml: Any) -> Finding:
    """What NVML, initialised, says of driver and memory. Raises its ``NVMLError``."""
    driver, found = nvml.nvmlSystemGetDriverVersion(), []
    for handle in map(nvml.nvmlDeviceGetHandleByIndex, range(nvml.nvmlDeviceGetCount())):
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        free, total = memory.free / 2**30, memory.total / 2**30
        found.append(f"{nvml.nvmlDeviceGetName(handle)}, {free:.1f} of {total:.1f} GiB free")
    return Finding("good" if found else "note", "card", f"Driver {driver}: {'; '.join(found) or 'it finds no card'}.")


def displays(_: Settings) -> Finding:
    """Displays with their sizes and rates, as X11 knows them; Wayland's compositor keeps its own."""
    if os.environ.get("WAYLAND_DISPLAY"):
        return Finding("good", "display", "A Wayland session; wlr-randr says its sizes and rates.")
    if not os.environ.get("DISPLAY"):
        return Finding("note", "display", "No screen in this session: the stage runs headless and writes preview.png.")
    try:
        told = subprocess.run(("xrandr", "--current"), capture_output=True, text=True, timeout=PATIENCE, check=True)  # noqa: S607 - on PATH
    except (OSError, subprocess.SubprocessError):
        return Finding("note", "display", "xrandr says nothing. Install it: apt-get install x11-xserver-utils.")
    found = rates(told.stdout)
    if not found:
        return Finding("note", "display", "None is lit. Look at cables and projectors, then: xrandr --auto.")
    return Finding("good", "display", ", ".join(f"{name} {w} x {h} at {rate} Hz" for name, w, h, rate in found) + ".")


def rates(told: str) -> list[tuple[str, str, str, str]]:
    """Name, width, height and rate of every lit display in what ``xrandr`` prints."""
    return [(name, w, h, rate) for name, w, h, rate in _MODE.findall(told)]


def opengl(_: Settings) -> Finding:
    """Who draws OpenGL: a card, or the processor in its place."""
    try:
        told = subprocess.run((sys.executable, "-c", _OPENGL), capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - ourselves
    except subprocess.TimeoutExpired:
        return Finding(
            "note", "OpenGL", "The driver hangs; the stage draws in software. Reboot, then look at the driver."
        )
    renderer = told.stdout.strip()
    if told.returncode or not renderer:
        return Finding(
            "note", "OpenGL", "None: the stage draws in software. Install: apt-get install libegl1 libgl1-mesa-dri."
        )
    if renderer.endswith("*"):
        return Finding("note", "OpenGL", f"{renderer.rstrip('*')}: the processor plays the card. Is a driver missing?")
    return Finding("good", "OpenGL", f"{renderer}.")


def clock(settings: Settings) -> Finding:
    """The time of the house, and whether the kernel believes its clock is synchronised."""
    now = f"{datetime.now(settings.zone):%A %Y-%m-%d %H:%M} in {settings.timezone}"
    if is_synchronised():
        return Finding("good", "clock", f"{now}, synchronised.")
    return Finding("note", "clock", f"{now}. Nobody sets it: timedatectl set-ntp true. Is it right?")


def is_synchronised() -> bool:
    """What the kernel says of its clock (adjtimex); one that cannot be asked is not."""
    timex = ctypes.create_string_buffer(BLOCK)  # struct timex is 208 bytes; modes 0 only asks
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    return adjtimex is not None and 0 <= adjtimex(timex) < UNSYNCHRONISED


def disk(settings: Settings) -> Finding:
    """How long it takes until the state's disk has a block for certain."""
    try:
        times = synced(settings.state, SYNCS)
    except StorageError as error:
        return Finding("bad", "disk", str(error))
    typical, worst = statistics.median(times), max(times)
    sentence = f"A block is safe after {typical * 1e3:.1f} ms, at worst {worst * 1e3:.0f} ms ({SYNCS} tried)."
    if worst <= SLOW_SYNC:
        return Finding("good", "disk", sentence)
    return Finding("note", "disk", f"{sentence} That is slow: an SSD for the state, or nothing else on this disk.")


def synced(folder: Path, count: int) -> list[float]:
    """Seconds that each of so many writes of one block took, flushed to the disk. Raises ``StorageError``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            return [_sync(file.fileno()) for _ in range(count)]
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written ({error.strerror}). Make room, or choose another --state."
        ) from error


def _sync(descriptor: int) -> float:
    began = time.perf_counter()
    os.write(descriptor, bytes(BLOCK))
    os.fsync(descriptor)
    return time.perf_counter() - began


def heat(settings: Settings) -> Finding:
    """The temperatures that relief goes by, and whether energy can be counted."""
    parts = this_machine(settings.relief.load, settings.state).parts
    counter = open_processor(settings.energy.processor_tdp).joules(time.monotonic())
    energy = f"energy: {counter.why}" if isinstance(counter, Missing) else f"energy {counter.state}"
    if not parts:
        return Finding("note", "sensors", f"No temperature: apt-get install lm-sensors, sensors-detect; {energy}.")
    warm = ", ".join(f"{part.name} {part.celsius:.0f} of {part.limit:.0f} degrees" for part in parts)
    return Finding("good", "sensors", f"{warm}; {energy}.")


def letters(_: Settings) -> Finding:
    """The faces that captions are set in, and whether they are shaped."""
    from PIL import features

    wanted = {face for cut in faces.FACES.values() for face in cut}
    missing = sorted(face for face in wanted if not (share("assets") / "fonts" / face).is_file())
    if missing:
        return Finding("note", "fonts", f"Missing: {', '.join(missing)}. Install again.")
    if not features.check("raqm"):
        return Finding("note", "fonts", f"{len(wanted)} faces, not shaped: apt-get install libfribidi0.")
    return Finding("good", "fonts", f"{len(wanted)} faces, shaped by HarfBuzz.")


def projector(settings: Settings) -> Finding:
    """What each projector says of its lamp and its faults; nothing is switched."""
    beamers = settings.projector
    if beamers.kind != "pjlink":
        how = "its power does not follow the doors" if beamers.kind == "none" else f"switched by {beamers.on[0]}"
        return Finding("good", "projector", f"kind is {beamers.kind}: {how}.")
    looks = [asyncio.run(_asked(target, settings)) for target in beamers.hosts]
    grade: Grade = "good" if all(well for well, _ in looks) else "note"
    return Finding(grade, "projector", ". ".join(sentence for _, sentence in looks) + ".")


async def _asked(target: str, settings: Settings) -> tuple[bool, str]:
    password = settings.projector.password
    secret = password.get_secret_value() if password else None
    try:
        async with linked(*split_target(target), secret, settings.projector.patience) as link:
            power, faults = await link.power(), await link.faults()
    except ProjectorError as error:
        return False, f"{target} {error}"
    return not faults, f"{target} is {Power(power).name.lower()}{f'; {faults}' if faults else ''}"


#: In the order in which they are told.
LOOKS: tuple[Callable[[Settings], Finding], ...] = (card, displays, opengl, clock, disk, heat, letters, projector)
