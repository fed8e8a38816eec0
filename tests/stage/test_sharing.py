"""Sharing: pictures reach other programs, or a sentence says why not; no flip ever waits."""

import sys
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from installation.machine.settings import SharingSettings
from installation.stage.sharing import Camera, Ndi, Sharing, SharingError, shared
from tests.support import until

SIZE = (64, 36)


def picture(level=100, size=SIZE):
    return np.full((size[1], size[0], 3), level, np.uint8)


class Shelf:
    """An outlet that keeps what it gets, and breaks when it is told to."""

    def __init__(self):
        self.size, self.kept, self.closed = None, [], threading.Event()
        self.broken = False

    def opened(self, size, rate):  # noqa: ARG002 - no hurry here
        self.size = size
        return self

    def send(self, pixels):
        if self.broken:
            raise SharingError("The shelf is broken.")
        self.kept.append(pixels)

    def close(self):
        self.closed.set()


@pytest.fixture
def shelf():
    return Shelf()


def offered(sharing, shelf, *pictures):
    """Offer until each has arrived: the first only says how large they are."""
    for each in pictures:
        many = len(shelf.kept)
        until(partial(arrived, sharing, shelf, each, many))


def arrived(sharing, shelf, pixels, many):
    sharing.offer(pixels)
    return len(shelf.kept) > many


def test_pictures_arrive_as_they_are_and_the_outlet_is_closed_at_the_end(shelf):
    sharing = Sharing([shelf.opened], 25.0, 0.0)
    offered(sharing, shelf, picture(7))
    assert shelf.size == SIZE
    np.testing.assert_array_equal(shelf.kept[-1], picture(7))
    sharing.close()
    assert shelf.closed.is_set()


def test_it_is_due_as_often_as_was_asked_for_and_late_pictures_are_not_made_up_for(shelf):
    sharing = Sharing([shelf.opened], 25.0, 0.0)
    assert sum(sharing.due(flip / 60) for flip in range(60)) == 25
    assert sum(sharing.due(100.0) for _ in range(10)) <= 2
    sharing.close()


def test_an_outlet_that_is_busy_makes_nobody_wait():
    begun, finish = threading.Event(), threading.Event()

    class Slow(Shelf):
        def send(self, pixels):
            begun.set()
            finish.wait(10)
            super().send(pixels)

    slow = Slow()
    sharing = Sharing([slow.opened], 25.0, 0.0)
    sharing.offer(picture())
    until(sharing._next.empty)
    sharing.offer(picture())
    assert begun.wait(10)
    for level in range(100):
        sharing.offer(picture(level))
    assert slow.kept == []
    finish.set()
    sharing.close()
    assert len(slow.kept) <= 2


def test_an_outlet_that_breaks_is_said_once_and_the_others_go_on(shelf, caplog):
    broken = Shelf()
    broken.broken = True
    sharing = Sharing([broken.opened, shelf.opened], 25.0, 0.0)
    offered(sharing, shelf, picture(1), picture(2))
    assert broken.closed.is_set()
    assert [record.message for record in caplog.records] == ["The shelf is broken. The show goes on without it."]
    sharing.close()


def test_when_nothing_can_be_opened_it_is_never_due_again(caplog):
    def refuse(size, rate):
        raise SharingError(f"No shelf for {size} at {rate:g}.")

    sharing = Sharing([refuse], 25.0, 0.0)
    sharing.offer(picture())
    until(lambda: not sharing.due(1e9))
    assert caplog.records[0].message == "No shelf for (64, 36) at 25."
    sharing.close()


def test_a_picture_of_another_size_is_left_out(shelf):
    sharing = Sharing([shelf.opened], 25.0, 0.0)
    offered(sharing, shelf, picture())
    sharing.offer(picture(size=(32, 18)))
    offered(sharing, shelf, picture(3))
    assert {kept.shape for kept in shelf.kept} == {(36, 64, 3)}
    sharing.close()


def test_nothing_asked_for_is_nothing_shared():
    assert shared(SharingSettings(), 0.0) is None


@pytest.mark.skipif(any(Path("/dev").glob("video*")), reason="CAP_SYS_ADMIN: there are video devices here")
def test_without_a_virtual_camera_a_sentence_says_what_to_load():
    pytest.importorskip("pyvirtualcam", reason="optional extra: pip install 'burntout[virtual-camera]'")
    with pytest.raises(SharingError, match=r"no virtual camera (?s:.*) Load one with 'modprobe v4l2loopback"):
        Camera("auto", SIZE, 25.0)


@pytest.mark.parametrize(("library", "outlet"), [("pyvirtualcam", Camera), ("cyndilib.sender", Ndi)])
def test_without_its_library_a_sentence_says_what_brings_it(monkeypatch, library, outlet):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SharingError, match=r"is not installed\. pip install 'burntout\["):
        outlet("Burntout", SIZE, 25.0)


def test_an_ndi_source_takes_pictures():
    pytest.importorskip("cyndilib", reason="optional extra: pip install 'burntout[ndi]'")
    source = Ndi("Burntout (test)", SIZE, 29.97)
    source.send(picture())
    source.send(picture(9))
    source.close()
