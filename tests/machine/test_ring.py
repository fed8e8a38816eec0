"""The ring: no frame is ever torn, no serial goes back, and a killed writer holds up nobody."""

import multiprocessing
import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.ring import PHASES, Ring
from tests.support import until

SLOTS = 4
KILLS = 12


@pytest.fixture
def ring(tmp_path):
    """A ring of four slots for pictures of up to 8 x 8, left at the end."""
    made = Ring.create(tmp_path / "ring", 64, slots=SLOTS)
    yield made
    made.close()


def publish(ring, level=0, size=(4, 6), **told):
    pixels = np.full((*size, 3), level, np.uint8)
    facts = {"stamp_ns": 5, "generation": 1, "phase": "burn", "temperature": 0.5}
    return ring.write(pixels, **{**facts, **told})


def test_before_the_first_frame_there_is_none(ring):
    assert ring.newest == 0
    assert ring.latest() is None
    assert list(ring.since(0)) == []


@given(
    height=st.integers(1, 8),
    width=st.integers(1, 8),
    stamp_ns=st.integers(0, 2**63),
    generation=st.integers(0, 2**63),
    phase=st.sampled_from(PHASES),
    temperature=st.floats(0.0, 1.0),
)
def test_a_frame_arrives_as_it_was_sent(tmp_path, height, width, **told):
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    ring = Ring.create(tmp_path / "ring", 64)
    serial = ring.write(pixels, **told)
    frame = ring.latest()
    ring.close()
    assert frame
    assert (frame.serial, {name: getattr(frame, name) for name in told}) == (serial, told)
    np.testing.assert_array_equal(frame.pixels, pixels)


def test_a_frame_that_was_read_is_not_changed_by_later_ones(ring):
    publish(ring, 1)
    frame = ring.latest()
    for level in range(2, 2 + 2 * SLOTS):
        publish(ring, level)
    assert (frame.pixels == 1).all()


def test_a_frame_too_large_is_refused_and_the_ring_goes_on(ring):
    publish(ring, 7)
    with pytest.raises(ValueError, match="does not fit the ring's slots"):
        publish(ring, size=(9, 8))
    assert ring.newest == 1
    assert (ring.latest().pixels == 7).all()


def test_pixels_that_lie_oddly_in_memory_arrive_in_order(ring):
    pixels = np.arange(96, dtype=np.uint8).reshape(8, 4, 3).transpose(1, 0, 2)
    ring.write(pixels, stamp_ns=1, generation=1, phase="restore", temperature=0.0)
    np.testing.assert_array_equal(ring.latest().pixels, pixels)


def die_in_the_middle_of_a_frame(ring, reached):
    """Leave the ring as a writer leaves it who is killed after so many of the parts of a frame."""
    serial = ring.newest + 1
    slot, room = ring._slot(serial)
    slot["end"] = 0
    if reached > 0:
        slot["begin"] = serial
    if reached > 1:
        room[:40] = 255 - serial % 256
    if reached > 2:
        room[:] = serial % 256
        slot["end"] = serial  # whole, but dead before the announcement


@given(events=st.lists(st.sampled_from(["write", 0, 1, 2, 3]), max_size=24))
def test_whenever_writers_die_readers_see_whole_frames_and_no_serial_goes_back(tmp_path, events):
    ring, newest = Ring.create(tmp_path / "ring", 64, slots=SLOTS), 0
    for event in events:
        if event == "write":
            newest += 1
            assert publish(ring, newest % 256) == newest
        else:
            die_in_the_middle_of_a_frame(ring, event)
        kept = list(ring.since(0))
        assert ring.newest == newest
        assert all((frame.pixels == frame.serial % 256).all() for frame in kept)
        assert [frame.serial for frame in kept] == list(range(newest - len(kept) + 1, newest + 1))
        assert len(kept) >= min(newest, SLOTS - 1)  # a dying writer may have been overwriting the oldest
    ring.close()


@given(after=st.integers(0, 12), written=st.integers(0, 12))
def test_everything_after_a_serial_is_given_once_oldest_first(tmp_path, after, written):
    ring = Ring.create(tmp_path / "ring", 64, slots=SLOTS)
    for level in range(1, written + 1):
        publish(ring, level)
    serials = [frame.serial for frame in ring.since(after)]
    ring.close()
    assert serials == [serial for serial in range(after + 1, written + 1) if serial > written - SLOTS]


def test_an_overwritten_frame_is_gone(ring):
    first = publish(ring, 1)
    for level in range(SLOTS):
        publish(ring, level)
    assert ring.read(first) is None


@pytest.mark.parametrize("serial", [1, 2, 2**40])
def test_a_frame_not_yet_written_is_none(ring, serial):
    assert ring.read(serial) is None


# ------------------------------------------------------------------ the trial with real kills

SIDE = 512  # large enough to be dying inside a frame more often than not


def write_for_ever(path):
    """Write frames whose every byte is their serial, as fast as can be."""
    ring, pixels = Ring(path), np.empty((SIDE, SIDE, 3), np.uint8)
    while True:
        pixels.fill((ring.newest + 1) % 256)
        ring.write(pixels, stamp_ns=0, generation=0, phase="burn", temperature=0.0)


@pytest.mark.system
def test_writers_killed_in_mid_write_leave_no_torn_frame_to_any_reader(tmp_path):
    path = tmp_path / "ring"
    Ring.create(path, SIDE * SIDE, slots=SLOTS).close()
    enough, serials, torn = threading.Event(), [], []

    def read():
        ring = Ring(path)
        while not enough.is_set():
            if frame := ring.latest():
                serials.append(frame.serial)
                if not (frame.pixels == frame.serial % 256).all():
                    torn.append(frame.serial)
        ring.close()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        unfinished = [kill_one_writer(path) for _ in range(KILLS)]
    finally:
        enough.set()
        reader.join(10)
    assert torn == []
    assert all(before <= after for before, after in pairwise(serials))
    assert len(set(serials)) > KILLS
    assert any(unfinished)  # else the trial proved nothing


def kill_one_writer(path):
    """Let a writer come to life, kill it, and say whether it died inside a frame."""
    ring = Ring(path)
    before = ring.newest
    writer = multiprocessing.get_context("spawn").Process(target=write_for_ever, args=(path,), daemon=True)
    writer.start()
    until(lambda: ring.newest > before + 5, within=60)
    writer.kill()
    writer.join(10)
    inside = bool(ring._slot(ring.newest + 1)[0]["end"][0] == 0)
    ring.close()
    return inside
