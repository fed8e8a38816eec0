"""What the machine bears: a thread that asks its sensors, so that a driver that hangs holds nobody up."""

from __future__ import annotations

import math
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from installation.relief.easing import Part, Strain

EVERY = 2.0  # seconds between two looks
SILENCE = 30.0  # seconds after which what was seen last is nothing to act upon
PATIENCE = 0.5  # seconds for the thread to leave; one that hangs in a driver is left behind
LIMIT = 95.0  # degrees Celsius, where a sensor names none that can be believed
BELIEVED = (60.0, 115.0)
#: Sensors of what the engine heats: processors, and graphics cards that speak through the kernel.
OURS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "soc_thermal", "amdgpu", "i915", "xe")


class Watch:
    """Owns the thread. ``strain`` is what was seen last."""

    def __init__(self, look: Callable[[], Strain], every: float = EVERY) -> None:
        """``look`` may take as long as it likes; it is called in the thread, which begins now."""
        self._look, self._every = look, every
        self._seen, self._at = Strain(), -math.inf
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="strain", daemon=True)
        self._thread.start()

    def strain(self, now: float) -> Strain | None:
        """What is known at ``now``, on the monotonic clock; None where nobody has looked for half a minute."""
        return self._seen if now - self._at <= SILENCE else None

    def close(self) -> None:
        """End the thread."""
        self._closing.set()
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        while not self._closing.is_set():
            self._seen, self._at = self._look(), time.monotonic()
            self._closing.wait(self._every)


def this_machine(most_load: float, state: Path) -> Strain:
    """The strain of this machine now, with the disk that the folder ``state`` is on, or is going to be."""
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    disk = next(path for path in (state, *state.absolute().parents) if path.exists())
    return Strain((*processors(), *cards()), load, most_load, dict(warmest()), float(shutil.disk_usage(disk).free))


def warmest() -> Iterator[tuple[str, float]]:
    """The warmest part of each kind that has a sensor; most virtual machines have none."""
    for name, parts in getattr(psutil, "sensors_temperatures", dict)().items():
        if warm := [part.current for part in parts if part.current]:
            yield name, max(warm)


def processors() -> Iterator[Part]:
    """The warmest sensor of each kind that the engine heats; most virtual machines have none."""
    for name, sensors in getattr(psutil, "sensors_temperatures", dict)().items():
        if name in OURS and (warm := [each for each in sensors if each.current]):
            hottest = max(warm, key=lambda each: each.current)
            yield Part(name, hottest.current, believed(hottest.critical or hottest.high))


def believed(limit: float | None) -> float:
    """A sensor's limit in degrees Celsius: some name 0, or 65,261."""
    return limit if limit is not None and BELIEVED[0] <= limit <= BELIEVED[1] else LIMIT


def cards() -> Iterator[Part]:
    """The NVIDIA cards of this machine."""
    import pynvml  # type: ignore[import-untyped] # NVIDIA ships none

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no card, or no driver: the doctor says which
        return
    try:
        for index in range(pynvml.nvmlDeviceGetCount()):
            yield card(pynvml, pynvml.nvmlDeviceGetHandleByIndex(index))
    except pynvml.NVMLError:  # a card that fell off the bus heats nothing
        return
    finally:
        pynvml.nvmlShutdown()


def card(nvml: Any, handle: Any) -> Part:
    """One card, by the initialised module ``pynvml``."""
    celsius = nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)
    reasons = nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)
    hot = nvml.nvmlClocksThrottleReasonSwThermalSlowdown | nvml.nvmlClocksThrottleReasonHwThermalSlowdown
    try:
        limit = nvml.nvmlDeviceGetTemperatureThreshold(handle, nvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN)
    except nvml.NVMLError:  # some cards keep it to themselves
        limit = None
    return Part(nvml.nvmlDeviceGetName(handle), float(celsius), believed(limit), bool(reasons & hot))
