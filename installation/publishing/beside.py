"""Work done beside the caller: by one thread, in the order in which it was given, and never more than a little behind.

Encoders let go of Python while they compute: what they need of the processor remains, and nobody waits for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from installation.machine.files import StorageError

BEHIND = 8  # pieces of work that may wait: 8 pictures of 4096 x 4096 are 400 MB
PATIENCE = 120.0  # seconds for one of them: a sleeping disk wakes within ten


class Beside:
    """Owns the thread. Whatever went wrong in it is raised at the next call."""

    def __init__(self) -> None:
        """Nothing is to be done yet."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="beside")
        self._given: deque[Future[None]] = deque()

    def do(self, work: Callable[..., None], *told: Any) -> None:
        """Have this done after all that was given before; waits while too much is left. Raises what that raised."""
        while self._given and (len(self._given) >= BEHIND or self._given[0].done()):
            self._hear()
        self._given.append(self._thread.submit(work, *told))

    def settle(self) -> None:
        """Wait until all is done. Raises what it raised; then what was left to do is left undone."""
        while self._given:
            self._hear()

    def close(self) -> None:
        """Leave what is not begun, and wait for what is."""
        for each in self._given:
            each.cancel()
        self._given = deque(each for each in self._given if not each.cancelled())
        try:
            self.settle()
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _hear(self) -> None:
        """What became of the oldest. After a fault what follows it is not begun any more."""
        try:
            self._given.popleft().result(PATIENCE)
        except TimeoutError:
            self._forget()
            raise StorageError(f"A disk has not answered for {PATIENCE:.0f} s. Choose another --state.") from None
        except BaseException:
            self._forget()
            raise

    def _forget(self) -> None:
        for each in self._given:
            each.cancel()
        self._given.clear()
