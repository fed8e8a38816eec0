"""The surroundings: disk, temperatures, when the doors change. Looked at beside the tick: a disk may be slow."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from installation.programme import hours
from installation.programme.hours import Programme
from installation.relief.strain import warmest


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Free and total bytes of the disk, degrees Celsius by sensor, share of memory in use, and what the plan wants.

    ``until`` is when the doors open or close, in seconds since 1970; None where they never do.
    """

    free_bytes: int
    total_bytes: int
    celsius: dict[str, float]
    memory: float
    until: float | None


def look(state: Path, programme: Programme | None, now: datetime) -> Surroundings:
    """Look around at ``now``, an aware instant. May take as long as the disk does."""
    disk = shutil.disk_usage(next(path for path in (state, *state.parents) if path.exists()))
    change = hours.next_change(now, programme, look=hours.is_open) if programme else None
    return Surroundings(
        disk.free,
        disk.total,
        dict(warmest()),
        psutil.virtual_memory().percent / 100.0,
        change.timestamp() if change else None,
    )


def utc_now() -> datetime:
    """Now."""
    return datetime.now(UTC)
