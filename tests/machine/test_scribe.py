"""Nobody waits for a slow disk, the newest word is the one that is written, and an orderly end waits a little."""

import threading

import pytest

from installation.machine.scribe import Scribe


@pytest.fixture
def slow():
    """A scribe whose disk stands still in its first job until it is let go: scribe, what was written, and the key."""
    scribe, written, busy, key = Scribe(), [], threading.Event(), threading.Event()

    def first():
        busy.set()
        key.wait(10.0)
        written.append("first")

    scribe.ask(first)
    assert busy.wait(10.0)
    yield scribe, written, key
    key.set()
    assert scribe.finish(10.0)


def test_what_is_asked_for_is_done():
    written = []
    scribe = Scribe()
    scribe.ask(lambda: written.append("word"))
    assert scribe.finish(10.0)
    assert written == ["word"]


def test_behind_a_slow_job_the_newest_waits_and_takes_the_place_of_older_ones(slow):
    scribe, written, key = slow
    for word in ("second", "third", "fourth"):
        scribe.ask(lambda word=word: written.append(word))
    key.set()
    assert scribe.finish(10.0)
    assert written == ["first", "fourth"]


def test_an_end_does_not_wait_for_the_disk_longer_than_it_has_patience(slow):
    scribe, written, _ = slow
    assert not scribe.finish(0.01)
    assert written == []


def test_a_scribe_who_was_never_asked_has_finished():
    assert Scribe().finish(0.0)
