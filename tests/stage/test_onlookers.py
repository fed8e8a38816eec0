import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.stage.onlookers import LEASE, LONGEST, RATE, Onlookers, across, lay

PIXELS = np.full((9, 16, 3), 200, np.uint8)


@pytest.fixture
def ring(tmp_path):
    ring = lay(tmp_path / "glances")
    yield ring
    ring.close()


@pytest.fixture
def onlookers(ring, tmp_path):  # noqa: ARG001 - which it joins
    onlookers = Onlookers(tmp_path / "glances")
    yield onlookers
    onlookers.close()


def test_while_nobody_watches_nothing_is_due(onlookers):
    assert not onlookers.due(0.0)


def test_who_watches_gets_fifteen_pictures_a_second_for_three_seconds(onlookers):
    onlookers.come(10.0)
    flips = np.arange(10.0, 20.0, 1 / 240)
    assert sum(onlookers.due(float(now)) for now in flips) == pytest.approx(LEASE * RATE, abs=1)


def test_a_picture_that_is_shown_lies_in_the_ring(onlookers, ring):
    onlookers.come(0.0)
    onlookers.show(PIXELS)
    np.testing.assert_array_equal(ring.latest().pixels, PIXELS)


def test_where_nobody_has_laid_a_ring_nobody_can_watch(tmp_path):
    onlookers = Onlookers(tmp_path / "none")
    onlookers.come(0.0)
    assert not onlookers.due(0.0)
    onlookers.show(PIXELS)
    onlookers.close()


@given(st.integers(1, 16384), st.integers(1, 16384))
def test_every_window_fits_the_ring_in_its_own_shape(width, height):
    wide = across((width, height))
    assert wide % 2 == 0
    assert wide * max(round(wide * height / width), 1) <= LONGEST * LONGEST or width < 4
