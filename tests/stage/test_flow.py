import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.images import load
from installation.stage.dissolve import blend
from installation.stage.flow import FARTHEST, SIDE, motion, moving
from installation.stage.light import decode
from tests.conftest import ORIGIN

PHOTOGRAPH = decode(load(ORIGIN, 128, 128))
OTHER = np.ascontiguousarray(PHOTOGRAPH[::-1, ::-1])
COURSE = motion(PHOTOGRAPH, OTHER)


def square(left, side=128):
    """A bright square with soft edges on a dark ground, its left edge so many pixels from the left."""
    across = np.arange(side, dtype=np.float32)
    inside = np.clip(np.minimum(across - left, left + 32 - across) / 2 + 0.5, 0, 1)
    down = np.clip(np.minimum(across - 48, 80 - across) / 2 + 0.5, 0, 1)
    level = 0.02 + 0.6 * down[:, None] * inside[None, :]
    return np.repeat(level[..., None], 3, axis=2).astype(np.float32)


def middle(picture):
    """How far from the left the light above the ground is, on average, in pixels."""
    weights = picture[..., 0].sum(axis=0) - picture[..., 0].sum(axis=0).min()
    return float((weights * np.arange(picture.shape[1])).sum() / weights.sum())


def test_at_no_share_it_is_the_first_picture_itself():
    np.testing.assert_array_equal(moving(PHOTOGRAPH, OTHER, COURSE, 0.0), PHOTOGRAPH)


def test_at_the_whole_share_it_is_the_second_picture_itself():
    np.testing.assert_array_equal(moving(PHOTOGRAPH, OTHER, COURSE, 1.0), OTHER)


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_the_ends_are_reached_without_a_jump(end):
    near = moving(PHOTOGRAPH, OTHER, COURSE, abs(end - 1e-4))
    assert np.abs(near - moving(PHOTOGRAPH, OTHER, COURSE, end)).max() < 0.01


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_moving_square_is_one_square_on_its_way(share):
    before, after = square(40), square(52)
    between = moving(before, after, motion(before, after), share)
    assert middle(between) == pytest.approx(middle(before) + 12 * share, abs=1.0)
    there = square(40 + 12 * share)
    ghosts = np.abs(blend(before, after, share) - there).mean()
    assert np.abs(between - there).mean() < ghosts / 3  # a plain dissolve shows two squares, each half as bright


@given(share=st.floats(0.0, 1.0))
def test_a_picture_on_its_way_to_itself_stays_where_it_is(share):
    still = moving(PHOTOGRAPH, PHOTOGRAPH, motion(PHOTOGRAPH, PHOTOGRAPH), share)
    np.testing.assert_allclose(still, PHOTOGRAPH, atol=1e-5)


@given(share=st.floats(0.0, 1.0), seed=st.integers(0, 2**32 - 1))
def test_light_never_leaves_its_range_whatever_the_pictures(share, seed):
    noise = np.random.default_rng(seed).random((48, 32, 3), dtype=np.float32)
    between = moving(noise, PHOTOGRAPH[:48, :32], motion(noise, PHOTOGRAPH[:48, :32]), share)
    assert between.shape == (48, 32, 3)
    assert 0.0 <= between.min() <= between.max() <= 1.0


def test_nothing_is_carried_farther_than_the_limit():
    for flow in (COURSE.forward, COURSE.backward):
        assert np.hypot(flow[..., 0], flow[..., 1]).max() <= FARTHEST + 1e-6


def test_pictures_of_two_sizes_meet_in_the_size_of_the_second():
    small = np.ascontiguousarray(PHOTOGRAPH[::2, ::2])
    assert moving(small, PHOTOGRAPH, motion(small, PHOTOGRAPH), 0.5).shape == PHOTOGRAPH.shape


def test_a_large_picture_is_compared_at_a_smaller_size():
    large = decode(load(ORIGIN, 640, 320))
    assert motion(large, large).forward.shape == (SIDE, SIDE // 2, 2)


def test_a_picture_too_small_to_search_in_only_dissolves():
    black, white = np.zeros((8, 8, 3), np.float32), np.ones((8, 8, 3), np.float32)
    np.testing.assert_allclose(moving(black, white, motion(black, white), 0.25), 0.25)
