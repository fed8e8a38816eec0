"""House-keeping: how much room the takes use, and which go first where the house has said how much they may."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from installation.recording import takes
from installation.recording.takes import Take

log = logging.getLogger(__name__)

KEEP = "keep"  # a file of this name in a take's folder: it is never deleted
DISCARDED = "discarded"  # a folder beside the takes: what is in it is half deleted


def beyond(sizes: Iterable[tuple[Take, int]], budget: int) -> list[Take]:
    """The oldest takes to delete so that all together use at most ``budget`` bytes; ``sizes`` oldest first.

    Never the newest, which may be running, and never one that holds a file ``keep``: those count, and stay.
    """
    known = list(sizes)
    over, chosen = sum(size for _, size in known) - budget, []
    for take, size in known[:-1]:
        if over > 0 and not (take.folder / KEEP).exists():
            chosen.append(take)
            over -= size
    return chosen


def tidy(state: Path, budget: int | None) -> list[str]:
    """Delete the oldest takes beyond a budget in bytes, and return their names; None deletes nothing and says so.

    Raises ``OSError`` when the disk will not let go.
    """
    known = [(take, take.total_bytes) for take in takes.all_takes(state)]
    used, free = sum(size for _, size in known) / 1e9, shutil.disk_usage(state).free / 1e9
    log.info("%d takes use %.1f GB; %.1f GB are free.", len(known), used, free)
    surplus = beyond(known, budget) if budget is not None else []
    for take in surplus:
        log.warning("Take %s goes: the takes use more than chores.takes_gb allows.", take.name)
    discard(state, [take.folder for take in surplus])
    return [take.name for take in surplus]


def discard(state: Path, folders: Iterable[Path]) -> None:
    """Delete takes, and whatever is left of those that were to be deleted before.

    They are moved aside first: whatever interrupts this leaves no half a take, and the next time finishes it. Raises
    ``OSError`` when the disk will not let go.
    """
    aside = state / DISCARDED
    for folder in folders:
        aside.mkdir(exist_ok=True)
        folder.rename(aside / folder.name)
    if aside.exists():
        shutil.rmtree(aside)
