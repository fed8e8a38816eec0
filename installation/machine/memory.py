"""Memory: how much there is, how much a process holds, and when it is too much to wait for the kernel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import psutil

GROWN = 1.25  # times what it held when it had come to run: less than that a rebirth would not give back
CGROUPS = Path("/sys/fs/cgroup")
SELF = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class Weight:
    """What a process holds, held first when it had come to run (0: it has not), and may hold; resident bytes."""

    held: float = 0.0
    first: float = 0.0
    most: float = math.inf

    def seen(self, held: float, *, running: bool) -> Weight:
        """The same after another look."""
        return Weight(held, self.first or (held if running else 0.0), self.most)

    @property
    def is_too_much(self) -> bool:
        """Whether it holds more than it may."""
        return self.held > self.most

    @property
    def has_grown(self) -> bool:
        """Whether it came to that in its life: what a new one would hold at once is no leak, and no reason for one."""
        return self.held > GROWN * self.first > 0.0

    def sentence(self, name: str) -> str:
        """What is to be said of a process that holds too much."""
        told = f"The {name} holds {self.held / 1e9:.1f} GB, more than the {self.most / 1e9:.1f} it may"
        if self.has_grown:
            return f"{told}; it is started anew at the next quiet moment."
        return f"{told}, and has from the start: play something smaller, or raise memory.share in machine.toml."


def resident(pid: int) -> float:
    """Bytes that a process holds in memory now; 0 of one that has ended."""
    try:
        return float(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0.0


def available(own: Path = SELF, cgroups: Path = CGROUPS) -> float:
    """Bytes there are for us: the machine's, or what our control group or one above it may use, if that is less."""
    return min([float(psutil.virtual_memory().total), *_limits(own, cgroups)])


def _limits(own: Path, cgroups: Path) -> list[float]:
    """Every ``memory.max`` from our control group (version 2) up to the root; none where there are no such groups."""
    try:
        lines = own.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    groups = [cgroups / line.removeprefix("0::/") for line in lines if line.startswith("0::/")]
    files = [folder / "memory.max" for group in groups for folder in (group, *group.parents)]
    return [float(said) for file in files if file.is_relative_to(cgroups) and (said := _number(file))]


def _number(file: Path) -> int:
    """What a limit says; 0 where there is none."""
    try:
        said = file.read_text(encoding="ascii").strip()
    except OSError:
        return 0
    return int(said) if said.isdigit() else 0
