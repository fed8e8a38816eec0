import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installation.stage.burn_on import burn_on, gather
from installation.stage.light import luminance

SIDE = 48
TINDER = gather(7, SIDE, SIDE)
MONTH = 30 * 86400.0


def photograph():
    """Something with edges, colours, black and white."""
    y, x = np.indices((SIDE, SIDE), dtype=np.float32) / SIDE
    return np.stack([x, y, (x > 0.5).astype(np.float32)], axis=-1)


def test_it_begins_as_the_picture_itself():
    np.testing.assert_array_equal(burn_on(photograph(), TINDER, 0.0, 1.0), photograph())


@given(seconds=st.floats(0.0, MONTH))
def test_without_strength_the_picture_stands(seconds):
    np.testing.assert_array_equal(burn_on(photograph(), TINDER, seconds, 0.0), photograph())


@given(seconds=st.floats(0.0, MONTH), strength=st.floats(0.01, 1.0))
@settings(max_examples=60)
def test_it_stays_light_between_nothing_and_all_for_months(seconds, strength):
    burnt = burn_on(photograph(), TINDER, seconds, strength)
    assert burnt.dtype == np.float32
    assert np.isfinite(burnt).all()
    assert burnt.min() >= 0.0
    assert burnt.max() <= 1.0


def test_a_night_of_burning_neither_goes_out_nor_runs_away():
    levels = [luminance(burn_on(photograph(), TINDER, minute * 60.0, 0.7)) for minute in range(1, 12 * 60, 3)]
    before = luminance(photograph())
    assert 0.2 * before < min(levels)
    assert max(levels) < 1.2 * before


@pytest.mark.parametrize("seconds", [10.0, 60.0, 3600.0, MONTH])
def test_it_is_never_frozen(seconds):
    earlier, later = (burn_on(photograph(), TINDER, seconds + after, 0.7) for after in (0.0, 0.5))
    assert np.abs(later - earlier).mean() > 1e-3


@pytest.mark.parametrize("seconds", [0.0, 5.0, 60.0, 3600.0, MONTH])
def test_it_is_slow_from_one_flip_to_the_next(seconds):
    earlier, later = (burn_on(photograph(), TINDER, seconds + after, 1.0) for after in (0.0, 1 / 60))
    assert np.abs(later - earlier).mean() < 0.01


@pytest.mark.parametrize("seconds", [20.0, 300.0, MONTH])
def test_even_a_black_picture_glows(seconds):
    assert burn_on(np.zeros((SIDE, SIDE, 3), np.float32), TINDER, seconds, 0.7).max() > 0.1


def test_the_same_seed_and_time_burn_alike():
    again = burn_on(photograph(), gather(7, SIDE, SIDE), 33.0, 0.7)
    np.testing.assert_array_equal(burn_on(photograph(), TINDER, 33.0, 0.7), again)


def test_another_seed_burns_otherwise():
    other = burn_on(photograph(), gather(8, SIDE, SIDE), 33.0, 0.7)
    assert np.abs(burn_on(photograph(), TINDER, 33.0, 0.7) - other).mean() > 0.01


def test_the_picture_itself_is_left_alone():
    picture = photograph()
    burn_on(picture, TINDER, 33.0, 0.7)
    np.testing.assert_array_equal(picture, photograph())


@pytest.mark.parametrize("shape", [(8, 8), (30, 50), (51, 17)])
def test_any_shape_burns(shape):
    assert burn_on(np.full((*shape, 3), 0.5, np.float32), gather(1, *shape), 9.0, 1.0).shape == (*shape, 3)
