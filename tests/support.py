"""What tests of several rooms need."""

import time
from collections.abc import Callable


def until(predicate: Callable[[], object], within: float = 10.0) -> object:
    """Wait for something to become true, and return it; fail when it has not within so many seconds."""
    deadline = time.monotonic() + within
    while not (answer := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {within:g} s: {predicate}")
        time.sleep(0.005)
    return answer
