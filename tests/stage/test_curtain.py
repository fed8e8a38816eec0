import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.stage.curtain import FALL, Curtain

FLIP = 1 / 60


def drawn(wishes):
    curtain, openings = Curtain(), []
    for flip, closed in enumerate(wishes):
        curtain = curtain.drawn(flip * FLIP, FLIP, closed=closed)
        openings.append(curtain.opening)
    return openings


def test_it_is_open_from_the_beginning():
    assert drawn([False] * 5) == [1.0] * 5


def test_a_panic_is_black_within_its_glide():
    assert drawn([True] * round(FALL / FLIP + 2))[-1] == 0.0


def test_it_opens_again():
    assert drawn([True] * 60 + [False] * 120)[-1] == 1.0


@given(st.lists(st.booleans(), max_size=400))
def test_it_is_always_between_open_and_closed_and_never_jumps(wishes):
    openings = [1.0, *drawn(wishes)]
    assert all(0.0 <= opening <= 1.0 for opening in openings)
    assert all(abs(b - a) <= FLIP / FALL + 1e-9 for a, b in itertools.pairwise(openings))


@pytest.mark.parametrize("flips", [1, 3, 6, 12, 20])
def test_hammering_the_button_gives_no_more_than_two_flashes_a_second(flips):
    openings = drawn([flip // flips % 2 == 0 for flip in range(600)])
    rises = sum(b > a >= c for c, a, b in zip(openings, openings[1:], openings[2:], strict=False))
    assert rises <= 2 * 600 * FLIP
