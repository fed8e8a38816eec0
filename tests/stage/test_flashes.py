import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.stage.flashes import FASTEST, TILES, steadied

FLIP = 1 / 60


def field(colour, side=32):
    return np.full((side, side, 3), colour, np.float32)


def flashes(levels):
    """Pairs of opposing changes of at least 0.1, as WCAG counts them."""
    turns, extreme, rising = 0, levels[0], None
    for level in levels:
        if abs(level - extreme) >= 0.1 and rising is not (level > extreme):
            rising, turns = level > extreme, turns + 1
            extreme = level
        elif rising is not None and (level > extreme) is rising:
            extreme = level
    return turns / 2


@given(st.lists(st.tuples(*[st.floats(0.0, 1.0, width=32)] * 3), min_size=1, max_size=20), st.integers(0, 9))
def test_the_mean_of_the_field_never_moves_faster_than_the_limit(colours, seed):
    noise = np.random.default_rng(seed).random((32, 32, 3), dtype=np.float32)
    shown = field((0.2, 0.2, 0.2))
    for colour in colours:
        following = steadied(shown, field(colour) * noise, FLIP)
        assert np.abs((following - shown).mean(axis=(0, 1))).max() <= FASTEST * FLIP + 1e-5
        shown = following


@pytest.mark.parametrize("hertz", [1, 3, 5, 10, 25])
def test_a_strobe_of_black_and_white_comes_out_with_no_more_than_three_flashes_a_second(hertz):
    shown, levels = field(0.0), []
    for flip in range(300):
        shown = steadied(shown, field(float(int(flip * FLIP * 2 * hertz) % 2)), FLIP)
        levels.append(float(shown.mean()))
    assert flashes(levels) / (300 * FLIP) <= 3.0


def test_a_flash_in_one_corner_is_slowed_there_alone():
    wanted = field(0.2)
    wanted[:8, :8] = 1.0
    wanted[24:, 24:] = 0.2001
    following = steadied(field(0.2), wanted, FLIP)
    assert following[:8, :8].mean() - 0.2 <= FASTEST * FLIP + 1e-5
    np.testing.assert_allclose(following[24:, 24:], 0.2001)


def test_fine_noise_passes_untouched():
    rng = np.random.default_rng(1)
    before, after = (0.5 + 0.1 * rng.choice([-1.0, 1.0], (256, 256, 3)).astype(np.float32) for _ in range(2))
    np.testing.assert_array_equal(steadied(before, after, 1.0), after)


def test_the_picture_is_reached_in_the_end():
    shown, wanted = field(0.0), np.random.default_rng(2).random((32, 32, 3), dtype=np.float32)
    for _ in range(120):
        shown = steadied(shown, wanted, FLIP)
    np.testing.assert_array_equal(shown, wanted)


def test_a_picture_of_another_size_is_steadied_too():
    following = steadied(field(0.0, 16), field(1.0, 64), FLIP)
    assert following.shape == (64, 64, 3)
    assert following.max() <= FASTEST * FLIP + 1e-5


def test_a_picture_smaller_than_the_tiles_is_no_trouble():
    assert steadied(field(0.0, TILES // 2), field(1.0, TILES // 2), FLIP).max() <= FASTEST * FLIP + 1e-5
