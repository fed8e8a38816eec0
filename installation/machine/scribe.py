"""A scribe: a thread that writes to a disk which may be slow, so that whoever has something to write need not wait."""

from __future__ import annotations

import threading
from collections.abc import Callable

Job = Callable[[], object]


class Scribe:
    """One job is done at a time and one may wait; a newer one takes the place of the one that waits."""

    def __init__(self) -> None:
        """Begin to wait for jobs. The thread goes with the process, in the middle of a job if need be."""
        self._turn = threading.Condition()
        self._next: Job | None = None
        self._busy = False
        threading.Thread(target=self._work, name="scribe", daemon=True).start()

    def ask(self, job: Job) -> None:
        """Have something done as soon as the disk can. Never waits; the job must not raise."""
        with self._turn:
            self._next = job
            self._turn.notify_all()

    def finish(self, patience: float) -> bool:
        """Whether everything is done, waiting for it up to ``patience`` seconds."""
        with self._turn:
            return self._turn.wait_for(lambda: self._next is None and not self._busy, patience)

    def _work(self) -> None:
        while True:
            job = self._awaited()
            try:
                job()
            finally:
                with self._turn:
                    self._busy = False
                    self._turn.notify_all()

    def _awaited(self) -> Job:
        with self._turn:
            while (job := self._next) is None:
                self._turn.wait()
            self._next, self._busy = None, True
            return job
