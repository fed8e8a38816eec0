"""A print has the size of its paper to the last bit, its picture whole and in the middle, and the colours of sRGB."""

import dataclasses
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from installation.publishing import PublishError, Wishes, publish
from installation.publishing.enlarging import tile
from installation.publishing.paper import BAND, PAPERS, bands, caption, chosen, page, printed
from tests.publishing.outside import identify, needs_imagemagick
from tests.recording.rehearsal import frames, noise, rehearse

COARSE = 60  # dots an inch: A3 is 702 x 992 pixels


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return rehearse(tmp_path_factory.mktemp("takes") / "owl", frames(21))


@pytest.fixture(scope="module")
def made(take, tmp_path_factory):
    path = tmp_path_factory.mktemp("out") / "print.tif"
    return printed(take, path, "A3", 3, lambda _: None, dots_per_inch=COARSE)


def tag(path, number):
    with Image.open(path) as picture:
        return picture.tag_v2[number]  # type: ignore[attr-defined] # of a TIFF


@pytest.mark.parametrize(
    ("paper", "pixels"), [("A3", (3508, 4961)), ("A2", (4961, 7016)), ("A1", (7016, 9933)), ("A0", (9933, 14043))]
)
def test_paper_has_its_pixels_at_300_dots_an_inch(paper, pixels):
    assert page(paper, (64, 64)).extent == pixels
    assert page(paper.lower(), (64, 65)).extent == pixels[::-1]


@pytest.mark.parametrize("paper", PAPERS)
def test_the_size_in_millimetres_is_exact(paper):
    sheet = page(paper, (100, 100))
    for extent, (pixels, over), mm in zip(sheet.extent, sheet.resolution, PAPERS[paper], strict=True):
        assert extent / Fraction(pixels, over) == Fraction(mm, 10)  # centimetres


@given(paper=st.sampled_from(sorted(PAPERS)), height=st.integers(8, 3000), width=st.integers(8, 3000))
def test_the_picture_lies_whole_within_the_margins_in_its_own_shape(paper, height, width):
    sheet = page(paper, (height, width))
    left, top, wide, tall = sheet.place
    margin = min(sheet.extent) // 11
    assert margin <= left
    assert left + wide <= sheet.extent[0] - margin
    assert margin <= top
    assert top + tall + 4 * sheet.letters <= sheet.extent[1] - margin
    assert abs(wide * height - tall * width) <= max(height, width)


def test_a_paper_nobody_makes_is_refused_with_those_there_are():
    with pytest.raises(PublishError, match=r"No paper is called 'B4'.*A3, A2, A1, A0"):
        page("B4", (64, 64))


def test_the_file_says_how_large_it_is(made):
    assert tag(made, TiffImagePlugin.RESOLUTION_UNIT) == 3  # centimetres
    across, down = tag(made, TiffImagePlugin.X_RESOLUTION), tag(made, TiffImagePlugin.Y_RESOLUTION)
    with Image.open(made) as picture:
        assert Fraction(picture.width) / Fraction(across) == Fraction(297, 10)
        assert Fraction(picture.height) / Fraction(down) == Fraction(420, 10)


@needs_imagemagick
def test_imagemagick_sees_a_page_in_srgb(made):
    assert identify(made, "%m %w %h %z %[profile:icc] %U") == ["TIFF 702 992 8 sRGB built-in PixelsPerCentimeter"]


def test_pillow_and_ffmpeg_see_the_same_picture(made):
    with Image.open(made) as picture, av.open(str(made)) as container:
        (theirs,) = (one.to_ndarray(format="rgb24") for one in container.decode(video=0))
        np.testing.assert_array_equal(np.asarray(picture), theirs)


def test_the_picture_on_it_is_the_generation_enlarged_and_around_it_is_white(take, made):
    _, picture = chosen(take, 3)
    left, top, wide, tall = page("A3", picture.shape, COARSE).place
    with Image.open(made) as drawn:
        sheet = np.asarray(drawn)
    wanted = tile(picture, (tall, wide), (0, 0, tall, wide))
    np.testing.assert_array_equal(sheet[top : top + tall, left : left + wide], wanted)
    assert (sheet[:top] == 255).all()
    assert (sheet[:, :left] == 255).all()
    assert (sheet[:, left + wide :] == 255).all()


def test_below_it_stand_title_generation_and_seed(take, made):
    _, picture = chosen(take, 3)
    sheet = page("A3", picture.shape, COARSE)
    row, words = caption(sheet, take, 3)
    left, top, wide, tall = sheet.place
    with Image.open(made) as drawn:
        below = np.asarray(drawn)[top + tall :]
    np.testing.assert_array_equal(below[row - top - tall :][: len(words), left : left + wide], words)
    assert words.min() < 100
    assert (words[:, wide // 3 : wide // 2] == 255).all()


def test_it_is_drawn_in_bands_and_no_more_is_ever_held(take):
    _, picture = chosen(take, None)
    sheet = page("A3", picture.shape, COARSE)
    heights = [len(one) for one in bands(sheet, picture, caption(sheet, take, 5), lambda _: None)]
    assert sum(heights) == sheet.extent[1]
    assert max(heights) == BAND


@pytest.mark.parametrize(("asked", "serial"), [(None, 5), (0, 0), (4, 4)])
def test_the_generation_asked_for_is_printed_and_else_the_last(take, asked, serial):
    found, pixels = chosen(take, asked)
    assert found == serial
    np.testing.assert_array_equal(pixels, noise(4 * serial + 1))


def test_of_serials_that_came_again_the_last_is_printed(tmp_path):
    again = (dataclasses.replace(one, generation=one.generation % 2) for one in frames(13))
    np.testing.assert_array_equal(chosen(rehearse(tmp_path / "t", again), 1)[1], noise(13))


def test_a_generation_that_was_not_recorded_is_refused_with_those_that_were(take):
    with pytest.raises(PublishError, match=r"no finished generation 99\. Choose --generation 0 to 5"):
        chosen(take, 99)


def test_wishes_reach_the_printer(take, tmp_path):
    with pytest.raises(PublishError, match="99"):
        publish(take, tmp_path, forms=["print"], wishes=Wishes(generation=99))
    with pytest.raises(PublishError, match="B4"):
        publish(take, tmp_path, forms=["print"], wishes=Wishes(paper="B4"))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_print_leaves_no_half_one(take, tmp_path):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        printed(take, tmp_path / "x.tif", "A3", None, interrupt, dots_per_inch=COARSE)
    assert list(tmp_path.iterdir()) == []
