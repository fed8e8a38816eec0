"""What tests of several rooms need."""

from __future__ import annotations

import contextlib
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Burnt, Image, Step
    from installation.restorers import Restoring


def until(predicate: Callable[[], object], within: float = 10.0) -> Any:
    """Wait for something to become true, and return it; fail when it has not within so many seconds."""
    deadline, never = time.monotonic() + within, threading.Event()
    while not (answer := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {within:g} s: {predicate}")
        never.wait(0.005)
    return answer


@contextlib.contextmanager
def at_work(server: socketserver.BaseServer) -> Iterator[None]:
    """A server answers from a thread of its own, until the test is done with it."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(10.0)
        server.server_close()


def wiener(x: Image, sigma: float) -> Image:
    """The exact denoiser of independent pixels from N(0, 1/4): E[x0 | x0 + sigma eps = x] (Wiener 1949)."""
    return x * (0.25 / (0.25 + sigma**2))


@dataclass
class Wiener:
    """The simplest honest restorer: exact, untrained, instant."""

    name: str = "wiener"
    digest: str = "0" * 64

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        from installation.restorers.sampling import walk

        return walk(wiener, burnt, knobs, rng)


@dataclass
class Linear(Wiener):
    """The same with its single guesses, as the card asks for them."""

    def denoise(self, x: Image, sigma: float) -> Image:
        return wiener(x, sigma)


def objections(units: Path) -> tuple[int, str]:
    """What systemd says of the services in a folder: nothing, and 0, where it takes them."""
    verify = ["systemd-analyze", "verify", *sorted(map(str, units.glob("*.service")))]
    done = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr
