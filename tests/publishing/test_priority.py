"""Publishing never takes the processor from the show, whatever an encoder thinks of itself."""

import os

import pytest

from installation.publishing import Wishes, publish
from installation.publishing.priority import THREADS, kept
from tests.recording.rehearsal import frames, rehearse


def policies():
    """How the threads of this process are scheduled."""
    return {os.sched_getscheduler(int(task.name)) for task in THREADS.glob("[0-9]*")}


def test_a_film_in_av1_leaves_every_thread_as_it_was_also_when_root_makes_it(tmp_path):
    before, heard = policies(), set()
    take = rehearse(tmp_path / "t", frames(3))
    publish(take, tmp_path, lambda _: heard.update(policies()), forms=["av1"], wishes=Wishes(height=64, rate=5))
    assert heard
    assert heard | policies() <= before, "an earlier test may have left a thread that computes in batches"
    assert not before & {os.SCHED_FIFO, os.SCHED_RR}


def test_what_is_raised_within_is_raised():
    with pytest.raises(KeyboardInterrupt), kept():
        raise KeyboardInterrupt
