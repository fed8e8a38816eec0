"""Where energy is counted: NVIDIA cards, processor packages, or an estimate that says it is one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from installation.readings.register import Missing, Taken, Value

POWERCAP = Path("/sys/class/powercap")
MICRO = 1e-6
MILLI = 1e-3


class Counter(Protocol):
    """Something that counts energy."""

    def joules(self, now: float) -> Taken:
        """Joules since it was opened, at ``now`` in seconds; never falling."""
        ...


class NoCounter:
    """A sensor that is not there, and why."""

    def __init__(self, why: str) -> None:
        """Remember the reason."""
        self._missing = Missing(why=why)

    def joules(self, now: float) -> Taken:  # noqa: ARG002 - every counter is asked with the time
        """Never a number."""
        return self._missing


class Cards:
    """All NVIDIA cards of this machine through NVML, everything that runs on them included."""

    def __init__(self, nvml: Any) -> None:
        """``nvml`` is the initialised module ``pynvml``."""
        self._nvml = nvml
        handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
        self._cards = [self._best_of(handle) for handle in handles]

    def joules(self, now: float) -> Taken:
        """Their energy together. A card that fell off the bus takes the number with it."""
        try:
            return Value(sum(card(now) for card in self._cards))
        except self._nvml.NVMLError as error:
            return Missing(why=f"NVML: {error}")

    def _best_of(self, handle: Any) -> Callable[[float], float]:
        """The card's own counter of millijoules (Volta and newer), else its power summed up."""
        total, power = self._nvml.nvmlDeviceGetTotalEnergyConsumption, self._nvml.nvmlDeviceGetPowerUsage
        try:
            began = total(handle)
        except self._nvml.NVMLError_NotSupported:
            return Integral(lambda: power(handle) * MILLI).at
        return lambda _now: (total(handle) - began) * MILLI


class Packages:
    """All processor packages that RAPL counts, Intel's and AMD's, through the kernel's powercap files."""

    def __init__(self, root: Path = POWERCAP) -> None:
        """Begin counting. Raises ``OSError`` or ``ValueError`` where a file cannot be read."""
        self._packages = [Package(folder) for folder in zones(root)]

    def joules(self, now: float) -> Taken:  # noqa: ARG002
        """Their energy together."""
        try:
            return Value(sum(package.joules() for package in self._packages))
        except (OSError, ValueError) as error:
            return Missing(why=f"RAPL: {error}")


class Package:
    """One counter of microjoules that begins again at 0 beyond ``max_energy_range_uj``, after minutes to hours."""

    def __init__(self, folder: Path) -> None:
        """Begin counting."""
        self._file = folder / "energy_uj"
        self._range = int((folder / "max_energy_range_uj").read_text())
        self._last, self._total = self._read(), 0

    def joules(self) -> float:
        """Since it was opened. Must be asked at least once a turn of the counter."""
        now = self._read()
        self._total += now - self._last if now >= self._last else now - self._last + self._range
        self._last = now
        return self._total * MICRO

    def _read(self) -> int:
        return int(self._file.read_text())


class Guess:
    """No sensor at all: the processor's rated power (TDP) times how busy it is. Always marked as an estimate."""

    def __init__(self, tdp: float, busy: Callable[[], float]) -> None:
        """``tdp`` in watts; ``busy`` gives 0 to 1."""
        self._energy = Integral(lambda: tdp * busy())

    def joules(self, now: float) -> Taken:
        """An estimate."""
        return Value(self._energy.at(now), estimated=True)


class Integral:
    """Energy from power by the trapezoid rule, between the moments it is asked at."""

    def __init__(self, watts: Callable[[], float]) -> None:
        """Nothing yet."""
        self._watts = watts
        self._last = (math.nan, 0.0)
        self._joules = 0.0

    def at(self, now: float) -> float:
        """Joules up to ``now``."""
        then, before = self._last
        power = self._watts()
        if not math.isnan(then):
            self._joules += (now - then) * (before + power) / 2.0
        self._last = (now, power)
        return self._joules


def zones(root: Path) -> Iterator[Path]:
    """The packages' folders: ``intel-rapl:0`` and so on; their parts (``intel-rapl:0:1``) are counted in them."""
    return (folder for folder in sorted(root.glob("intel-rapl:*")) if folder.name.count(":") == 1)


def open_cards() -> Counter:
    """The cards of this machine, or why there are none."""
    import pynvml  # type: ignore[import-untyped] # NVIDIA ships none

    try:
        pynvml.nvmlInit()
        return Cards(pynvml) if pynvml.nvmlDeviceGetCount() else NoCounter("no NVIDIA card")
    except pynvml.NVMLError as error:
        return NoCounter(f"NVML: {error}")


def open_processor(tdp: float | None, root: Path = POWERCAP) -> Counter:
    """The packages of this machine; where they cannot be read an estimate, if a TDP is known to make it from."""
    why = f"no RAPL in {root}"
    try:
        if any(zones(root)):
            return Packages(root)
    except PermissionError as error:
        why = f"{error.filename} is not ours to read; let the service's group read it"
    except (OSError, ValueError) as error:
        why = f"RAPL: {error}"
    return Guess(tdp, _busy()) if tdp else NoCounter(f"{why}; energy.processor_tdp would allow an estimate")


def _busy() -> Callable[[], float]:
    """How busy all cores are since it was last asked, 0 to 1."""
    import psutil

    psutil.cpu_percent(interval=None)  # the first answer means nothing
    return lambda: float(psutil.cpu_percent(interval=None)) / 100.0
