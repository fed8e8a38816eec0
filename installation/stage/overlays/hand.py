"""The hand that draws: a thread of its own, so that a caption of forty milliseconds costs the picture none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

log = logging.getLogger(__name__)

Made = TypeVar("Made")


class AtOnce(Executor):
    """A hand that draws while one waits for it: for sheets and rehearsals, where nothing else moves."""

    def submit(self, fn: Callable[..., Made], /, *args: Any, **kwargs: Any) -> Future[Made]:
        """What ``fn`` made. What it raises goes through."""
        done: Future[Made] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def hand() -> ThreadPoolExecutor:
    """One thread: letters are drawn in the order in which they were asked for."""
    return ThreadPoolExecutor(1, thread_name_prefix="lettering")


def made(work: Future[Made], what: str) -> Made | None:
    """What became of finished work; a fault of ours is logged and nothing came of it. Never waits."""
    if fault := work.exception(timeout=0.0):
        log.error("The %s could not be drawn: %r. What stood there stays.", what, fault, exc_info=fault)
        return None
    return work.result(timeout=0.0)
