"""How scenes are composed of pictures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installation.randomness import generator
from installation.training.composition import Exhibit, compose, crop, paste, portray, typical


def plain(height, width, level, channels=3):
    return np.full((height, width, channels), level, np.uint8)


@given(
    height=st.integers(8, 200), width=st.integers(8, 200), size=st.sampled_from([32, 64]), seed=st.integers(0, 2**32)
)
@settings(deadline=None, max_examples=40)
def test_a_crop_of_any_picture_fills_its_square(height, width, size, seed):
    cropped = crop(plain(height, width, 77), size, generator(seed, 0))
    assert cropped.shape == (size, size, 3)
    assert (cropped == 77).all()


@given(height=st.integers(1, 120), width=st.integers(1, 120), seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_a_cut_out_is_pasted_whole_over_its_background(height, width, seed):
    pasted = paste(plain(64, 64, 100), plain(height, width, 255, 4), generator(seed, 0))
    assert pasted.shape == (64, 64, 3)
    assert (pasted == 255).any()


def test_a_cut_out_casts_a_shadow():
    pasted = paste(plain(64, 64, 100), plain(40, 40, 255, 4), generator(1, 0))
    assert pasted.min() < 90


def test_a_transparent_cut_out_changes_nothing():
    ground = plain(64, 64, 100)
    np.testing.assert_array_equal(paste(ground, plain(40, 40, 0, 4), generator(1, 0)), ground)


@pytest.mark.parametrize("kinds", [("photo",), ("cut",), ("photo", "cut", "art", "render", "ico", "svg", "tex")])
def test_pictures_are_composed_of_whatever_there_is(kinds):
    shelf = {kind: [Exhibit(plain(50, 70, 128, 3 if kind in {"photo", "tex"} else 4), (kind,))] for kind in kinds}
    for serial in range(20):
        painted = compose(shelf, 64, generator(1, serial))
        assert painted.pixels.shape == (64, 64, 3)
        assert painted.words
        assert set(painted.words) <= set(kinds)


def test_a_composite_is_called_by_everything_that_is_on_it():
    shelf = {"photo": [Exhibit(plain(64, 64, 9), ("sea",))], "cut": [Exhibit(plain(9, 9, 200, 4), ("cat",))]}
    said = {compose(shelf, 64, generator(2, serial)).words for serial in range(60)}
    assert {("sea",), ("cat",), ("cat", "sea"), ("cat", "cat", "sea")} == said


def test_nothing_to_compose_is_said():
    with pytest.raises(ValueError, match="neither photographs nor cut-outs"):
        compose({"tex": [Exhibit(plain(64, 64, 1))]}, 64, generator(0, 0))


def test_a_portrait_shows_one_thing_whole_and_says_its_words():
    shown = portray("cut", Exhibit(plain(30, 40, 255, 4), ("cat",)), 64, generator(3, 0))
    assert shown.pixels.shape == (64, 64, 3)
    assert (shown.pixels == 255).any()
    assert shown.words == ("cat",)


@given(height=st.integers(1, 120), width=st.integers(1, 120), seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_a_portrait_lies_in_the_middle_of_paper_without_a_loud_colour(height, width, seed):
    ink = np.dstack([plain(height, width, 0), plain(height, width, 255, 1)])
    inked, paper = (portray("cut", Exhibit(each), 64, generator(seed, 0)).pixels for each in (ink, 0 * ink))
    rows, columns = np.nonzero((inked == 0).all(axis=2))
    assert abs(rows.min() + rows.max() - 63) <= 1
    assert abs(columns.min() + columns.max() - 63) <= 1
    assert np.ptp(paper.astype(int).mean(axis=(0, 1))) < 80


@pytest.mark.parametrize("kind", ["photo", "art"])
def test_a_portrait_of_a_photograph_or_painting_is_that_alone(kind):
    shown = portray(kind, Exhibit(plain(80, 70, 77), ("sea",)), 64, generator(3, 0))
    assert (shown.pixels == 77).all()


PLAIN = Exhibit(plain(8, 8, 0))


def test_a_word_is_learnt_from_the_commoner_sort_of_its_pictures():
    photo, cut, emoji = (("photo", PLAIN), ("cut", PLAIN), ("ico", PLAIN))
    assert typical([photo, cut, emoji]) == [cut, emoji]
    assert typical([photo, photo, cut]) == [photo, photo]
