"""The hand that draws: a thread of its own, so that a caption of forty milliseconds costs the picture none."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

log = logging.getLogger(__name__)

Made = TypeVar("Made")


def hand() -> ThreadPoolExecutor:
    """One thread: letters are drawn in the order in which they were asked for."""
    return ThreadPoolExecutor(1, thread_name_prefix="lettering")


def made(work: Future[Made], what: str) -> Made | None:
    """What became of finished work; a fault of ours is logged and nothing came of it. Never waits."""
    if fault := work.exception(timeout=0.0):
        log.error("The %s could not be drawn: %r. What stood there stays.", what, fault, exc_info=fault)
        return None
    return work.result(timeout=0.0)
