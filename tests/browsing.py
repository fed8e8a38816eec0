"""A browser for tests: headless Chromium, and a watchdog that kills it, so that no test waits for a page for ever.

Playwright's own limits end where a page is asked to evaluate, and where a context or the browser is closed: a Chromium
that hangs holds the whole run there. One that is killed does not: everything that waits for it fails with a sentence.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType

EXECUTABLE = shutil.which("chromium")
LIMIT = 200.0  # seconds for one test, its browser's coming and going included; pytest's own patience ends at 300


class Chromium:
    """A browser that is there whenever it is asked for: one that was killed is started anew for the next test."""

    def __init__(self, launcher: BrowserType) -> None:
        """Nothing is started yet."""
        self._launcher = launcher
        self._browser: Browser | None = None

    def open(self) -> Browser:
        """The browser that runs, or a new one."""
        if self._browser is None or not self._browser.is_connected():
            self._browser = self._launcher.launch(executable_path=EXECUTABLE, args=["--no-sandbox"])
        return self._browser

    def close(self) -> None:
        """Let it go."""
        if self._browser is not None and self._browser.is_connected():
            self._browser.close()


@contextlib.contextmanager
def installed() -> Iterator[Chromium]:
    """Playwright at work, and a Chromium that it starts when asked; skips the test where either is missing.

    While it works asyncio's own loops cannot run in the same thread: what needs both needs two files.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install playwright")
    if EXECUTABLE is None:
        pytest.skip("chromium is missing: apt-get install chromium")
    with playwright.sync_playwright() as started:
        chromium = Chromium(started.chromium)
        yield chromium
        with watched():
            chromium.close()


@contextlib.contextmanager
def watched(within: float = LIMIT) -> Iterator[None]:
    """Kill every Chromium of ours unless this block is left within so many seconds."""
    watchdog = threading.Timer(within, kill)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def kill() -> None:
    """End every Chromium that descends from this process; also one that has been stopped."""
    for process in processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def processes() -> list[psutil.Process]:
    """Every process of Chromium that descends from this one."""
    return [each for each in psutil.Process().children(recursive=True) if _is_chromium(each)]


def _is_chromium(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return "chrom" in process.name()
    return False
