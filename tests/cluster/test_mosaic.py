"""A wall of engines as one picture: every cell in its place, as large as there is room for."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.cluster.mosaic import columns_of, mosaic, seed_of, side_of

ROOM = 1024**2


def plain(value, side=8):
    return np.full((side, side, 3), value, np.uint8)


@given(places=st.integers(1, 64), wanted=st.none() | st.integers(1, 16))
def test_every_place_has_its_cell_and_no_row_is_empty(places, wanted):
    columns = columns_of(places, wanted)
    whole = mosaic([plain(1 + place) for place in range(places)], columns, ROOM)
    cells = whole.reshape(-1, 8, columns, 8, 3)[:, 0, :, 0, 0].reshape(-1).tolist()
    assert cells[:places] == list(range(1, places + 1))
    assert set(cells[places:]) <= {0}
    assert len(cells) - places < columns


@pytest.mark.parametrize(("places", "columns"), [(1, 1), (2, 2), (4, 2), (5, 3), (16, 4)])
def test_where_nothing_is_wished_it_is_as_square_as_can_be(places, columns):
    assert columns_of(places, None) == columns


@given(places=st.integers(1, 64), largest=st.sampled_from([64, 256, 512, 1024]), room=st.integers(4096, ROOM))
def test_the_whole_fits_the_room_and_no_cell_is_larger_than_its_picture(places, largest, room):
    columns = columns_of(places, None)
    side = side_of(places, columns, largest, room)
    assert 1 <= side <= largest
    assert side * side * columns * math.ceil(places / columns) <= room


def test_pictures_of_another_size_are_fitted_to_the_largest():
    whole = mosaic([plain(9, 16), plain(7, 8)], 2, ROOM)
    np.testing.assert_array_equal(whole, np.concatenate([plain(9, 16), plain(7, 16)], axis=1))


def test_what_has_shown_nothing_yet_is_black():
    np.testing.assert_array_equal(mosaic([plain(9), None], 2, ROOM), np.concatenate([plain(9), plain(0)], axis=1))


def test_one_engine_is_no_mosaic():
    np.testing.assert_array_equal(mosaic([plain(3)], 1, ROOM), plain(3))


def test_the_first_engine_has_the_scenes_seed_and_every_other_one_that_follows_from_it():
    seeds = [seed_of(20260101, place) for place in range(64)]
    assert seeds[0] == 20260101
    assert len(set(seeds)) == 64
    assert seeds == [seed_of(20260101, place) for place in range(64)]
    assert all(0 <= seed < 2**63 for seed in seeds)
