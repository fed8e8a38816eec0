"""Encoders get no more of the processor than whoever calls them.

SVT-AV1 4.1 makes the whole process realtime (SCHED_FIFO, 99) where root runs it, and whatever that process starts from
then on: published beside a show, one film would take the machine from it. A ``nice`` before the command does not help.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

THREADS = Path("/proc/self/task")
REALTIME = ("SCHED_FIFO", "SCHED_RR")


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Whatever this block starts or asks for, no thread of this process is realtime after it that was not before."""
    if not hasattr(os, "sched_getscheduler") or _is_realtime(0):
        yield
        return
    policy, rank = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        for thread in map(int, (task.name for task in THREADS.glob("[0-9]*"))):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if _is_realtime(thread):
                    os.sched_setscheduler(thread, policy, rank)


def _is_realtime(thread: int) -> bool:
    return os.sched_getscheduler(thread) in {getattr(os, name) for name in REALTIME}
