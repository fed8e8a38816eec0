"""The browser that tests share is never waited for without a limit."""

import contextlib
import threading

import psutil
import pytest

from tests.browsing import processes, watched

PLAYWRIGHT = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install playwright")
SHORT = 1.5  # seconds


def freeze():
    """Stop all of Chromium in its tracks, as a machine does that has run out of memory."""
    for process in processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()


def asked_of_a_frozen_page(chromium):
    """What would never be answered; nor would the context's closing behind it."""
    with chromium.open().new_context() as context:
        page = context.new_page()
        freeze()
        page.evaluate("1 + 1")


def test_a_browser_that_hangs_fails_the_test_and_holds_nobody_up_and_the_next_test_has_another(chromium):
    with watched(SHORT), pytest.raises(PLAYWRIGHT.Error, match="closed"):
        asked_of_a_frozen_page(chromium)
    assert processes() == []
    with chromium.open().new_context() as context:
        assert context.new_page().evaluate("1 + 1") == 2


def test_a_browser_that_is_left_in_time_is_left_alone(chromium):
    with watched():
        chromium.open()
    barking = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    assert all(each.finished.is_set() for each in barking)
    assert chromium.open().is_connected()
