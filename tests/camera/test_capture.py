"""Capture: a film is seen as it was made, at the speed it was made for; what is not there is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.camera.capture import Capture, CaptureError, square
from tests.camera.films import FRAMES, RATE, colour, film, number_of


@pytest.fixture
def capture(tmp_path):
    opened = Capture(str(film(tmp_path / "film.mkv")), 0.0)
    yield opened
    opened.close()


def test_the_colours_are_those_of_the_film(capture):
    np.testing.assert_array_equal(capture.read(0.0)[0, 0], colour(0))


@pytest.mark.parametrize("number", [1, 4, FRAMES - 1])
def test_a_film_shows_the_frame_of_the_moment(capture, number):
    assert number_of(capture.read((number + 0.5) / RATE)) == number


def test_a_film_goes_on_by_one_frame_at_least(capture):
    assert [number_of(capture.read(0.0)) for _ in range(3)] == [0, 1, 2]


def test_a_film_begins_again_at_its_end_and_keeps_its_speed(capture):
    capture.read(0.0)
    assert number_of(capture.read(60.0)) == 0
    assert number_of(capture.read(60.0 + 3.5 / RATE)) == 3


def test_a_film_that_is_gone_when_it_should_begin_again_is_lost(tmp_path, capture):
    capture.read(0.0)
    (tmp_path / "film.mkv").unlink()
    with pytest.raises(CaptureError, match="cannot be opened"):
        capture.read(60.0)


def test_a_device_that_is_not_there_is_refused_with_how_to_find_one():
    with pytest.raises(CaptureError, match=r"There is no camera 63\. .*ls /dev/video"):
        Capture(63, 0.0)


@pytest.mark.parametrize("name", ["missing.mp4", "notes.txt"])
def test_what_is_no_film_is_refused(tmp_path, name):
    (tmp_path / "notes.txt").write_text("no film")
    with pytest.raises(CaptureError, match="cannot be opened"):
        Capture(str(tmp_path / name), 0.0)


@given(st.integers(8, 40), st.integers(8, 40), st.integers(4, 48))
def test_the_square_has_the_wanted_side_whatever_comes(height, width, side):
    assert square(np.zeros((height, width, 3), np.uint8), side).shape == (side, side, 3)


@pytest.mark.parametrize("shape", [(12, 20), (20, 12), (12, 12)])
def test_the_square_is_the_middle_of_the_picture(shape):
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    top, left = (shape[0] - 12) // 2, (shape[1] - 12) // 2
    np.testing.assert_array_equal(square(pixels, 12), pixels[top : top + 12, left : left + 12])


def test_what_shrinks_is_averaged():
    pixels = np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8)
    means = pixels.reshape(4, 2, 4, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(square(pixels, 4), means, atol=0.5)
