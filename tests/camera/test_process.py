"""The camera process without its process: a clock that is turned by hand, a ring, and a film that comes and goes."""

import logging
from itertools import pairwise

import pytest

from installation.camera.process import LONGEST_DELAY, Camera
from installation.machine.child import Phase
from installation.machine.ring import Ring
from installation.machine.settings import CameraSettings
from installation.records import Order
from tests.camera.films import FRAMES, RATE, film, number_of

SIDE = 16


class Tripod:
    """A camera before a film, its ring, its beats and its clock."""

    def __init__(self, folder, rate=RATE):
        self.now, self.beats = 100.0, {}
        self.path = folder / "film.mkv"
        self.ring = Ring.create(folder / "ring", 64 * 64, 4)
        settings = CameraSettings(source=str(self.path), rate=rate)
        self.camera = Camera(settings, self.ring, self._beat, lambda: self.now)
        self.camera.obey(Order("size", {"side": SIDE}))

    def _beat(self, phase=Phase.RUNNING, **readings):
        self.beats |= {"phase": phase, **readings}

    def looks(self, seconds, times=1):
        for _ in range(times):
            self.now += seconds
            self.camera.look()


@pytest.fixture
def tripod(tmp_path):
    standing = Tripod(tmp_path)
    film(standing.path)
    return standing


def test_frames_come_to_the_ring_as_squares_of_the_wanted_size(tripod):
    tripod.looks(1 / RATE, times=3)
    assert tripod.ring.latest().pixels.shape == (SIDE, SIDE, 3)
    assert tripod.beats == {"phase": Phase.RUNNING, "lost": 0.0, "frames": 2.0}


def test_no_more_frames_come_than_the_rate_says(tmp_path):
    tripod = Tripod(tmp_path, rate=5.0)
    film(tripod.path, frames=100)
    tripod.looks(1 / RATE, times=1 + RATE)
    assert tripod.ring.newest == 5


def test_another_size_is_there_at_once_from_the_last_picture(tripod):
    tripod.looks(1 / RATE, times=3)
    shown = tripod.ring.latest()
    tripod.camera.obey(Order("size", {"side": 32}))
    assert tripod.ring.latest().pixels.shape == (32, 32, 3)
    assert number_of(tripod.ring.latest().pixels) == number_of(shown.pixels)


def test_nothing_is_on_the_ring_before_a_size_is_known(tmp_path):
    ring = Ring.create(tmp_path / "ring", 64, 4)
    camera = Camera(CameraSettings(source=str(film(tmp_path / "film.mkv"))), ring, lambda *_, **__: None, lambda: 0.0)
    camera.look()
    camera.look()
    assert ring.latest() is None


def test_the_last_frame_of_a_lost_source_stays(tripod):
    tripod.looks(1 / RATE, times=FRAMES)
    tripod.path.unlink()
    last = tripod.ring.latest()
    tripod.looks(1.0, times=5)
    assert tripod.ring.latest().serial == last.serial
    assert tripod.beats["lost"] == 1.0
    assert tripod.beats["phase"] == Phase.RESTING


def test_a_lost_source_is_tried_again_and_comes_back(tripod):
    tripod.looks(1 / RATE, times=3)
    tripod.path.unlink()
    tripod.looks(10.0)
    film(tripod.path)
    tripod.looks(1.0, times=3)
    assert tripod.beats["lost"] == 0.0
    assert tripod.ring.newest > 2


def test_each_try_is_a_little_later_than_the_last_and_none_later_than_thirty_seconds(tmp_path):
    tripod, tries = Tripod(tmp_path), []
    for _ in range(200):
        tripod.beats["phase"] = None
        tripod.camera._beat = lambda phase=None, **_: tries.append(tripod.now) if phase == Phase.LOADING else None
        tripod.looks(1.0)
    waits = [after - before for before, after in pairwise(tries)]
    assert waits[:6] == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_DELAY]
    assert set(waits[5:]) == {LONGEST_DELAY}


def test_a_source_that_is_lost_is_said_once(tmp_path, caplog):
    tripod = Tripod(tmp_path)
    with caplog.at_level(logging.WARNING):
        tripod.looks(1.0, times=100)
    (said,) = caplog.messages
    assert said.endswith("Its last picture stays; it is tried again.")


def test_it_leaves_when_it_is_told_to(tripod):
    assert tripod.camera.obey(None)
    assert not tripod.camera.obey(Order("quit"))
