"""One picture made ready: its size, its squares, its transparency, and what is passed over."""

import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from installation.training.pictures import PassedOverError, convert
from installation.training.recipe import Take
from tests.training.packages import SVG, noise, picture, squeezed


def take(kind="cut", shortest=16):
    return Take(src="toys", kind=kind, licence="CC0", match=re.compile(""), shortest=shortest)


def crops(data, kind="cut", name="toys|a.png", side=64, shortest=16):
    made = convert(data, name, take(kind, shortest), side)
    return {crop: Pillow.open(io.BytesIO(webp)) for crop, webp in made}


def cutout(height=100, width=80):
    """A square of noise in an invisible margin."""
    pixels = noise(height, width, 4)
    pixels[..., 3] = 0
    pixels[20:80, 30:60, 3] = 255
    pixels[20:40, 30:45, 3] = 0
    return pixels


def test_a_cutout_keeps_its_alpha_and_loses_its_invisible_margin():
    (made,) = crops(picture(cutout())).values()
    assert (made.format, made.mode, made.size) == ("WEBP", "RGBA", (30, 60))


def test_the_long_side_is_no_longer_than_asked_and_nothing_is_enlarged():
    (large,) = crops(picture(noise(100, 200)), side=64).values()
    (small,) = crops(picture(noise(20, 40)), side=64).values()
    assert (large.size, small.size) == ((64, 32), (40, 20))


def test_alpha_that_hides_nothing_is_dropped():
    pixels = noise(50, 50, 4)
    pixels[..., 3] = 255
    (made,) = crops(picture(pixels)).values()
    assert made.mode == "RGB"


def test_colours_survive():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:32], pixels[32:] = (200, 30, 30), (20, 40, 220)
    (made,) = crops(picture(pixels)).values()
    back = np.asarray(made.convert("RGB"))
    np.testing.assert_allclose(back[8, 8], (200, 30, 30), atol=8)
    np.testing.assert_allclose(back[56, 8], (20, 40, 220), atol=8)


def test_a_photograph_becomes_squares_along_its_long_side():
    made = crops(picture(noise(100, 310)), "photo")
    assert list(made) == ["sq0", "sq1", "sq2"]
    assert {one.size for one in made.values()} == {(64, 64)}


def test_the_squares_reach_both_ends():
    pixels = noise(60, 180)
    pixels[:, :10], pixels[:, -10:] = 0, 255
    made = crops(picture(pixels), "art")
    first, last = (np.asarray(made[crop].convert("L")) for crop in ("sq0", "sq2"))
    assert first[:, :4].mean() < 40
    assert last[:, -4:].mean() > 215


@pytest.mark.parametrize(("height", "scales"), [(383, {"sq"}), (384, {"sq", "h"}), (1024, {"sq", "h", "q"})])
def test_a_photograph_large_enough_is_shown_from_nearer_too(height, scales):
    pixels = np.kron(noise(height // 8 + 1, height // 8 + 1), np.ones((8, 8, 1), np.uint8))[:height, :height]
    assert {crop.rstrip("0123456789") for crop in crops(picture(pixels), "photo")} == scales


def test_details_without_contrast_are_left_out():
    pixels = np.full((400, 400, 3), 128, np.uint8)
    pixels[:200, :200] = np.kron(noise(25, 25), np.ones((8, 8, 1), np.uint8))
    assert list(crops(picture(pixels), "photo")) == ["sq0", "h0"]


@pytest.mark.parametrize("kind", ["tex", "art"])
def test_textures_and_paintings_are_not_shown_from_nearer(kind):
    assert list(crops(picture(noise(500, 500)), kind)) == ["sq0"]


@pytest.mark.parametrize("name", ["toys|a.svg", "toys|icons.json#a"])
def test_a_drawing_is_rasterised_to_fit(name):
    pytest.importorskip("resvg_py", reason="resvg-py brings it")
    (made,) = crops(SVG.encode(), "svg", name).values()
    assert made.mode == "RGBA"
    assert max(made.size) == min(made.size) == pytest.approx(64 * 8 / 20, abs=1)
    np.testing.assert_allclose(np.asarray(made)[12, 12], (255, 0, 0, 255), atol=6)


def test_a_compressed_drawing_is_a_drawing():
    pytest.importorskip("resvg_py", reason="resvg-py brings it")
    assert crops(squeezed(SVG), "svg", "toys|a.svgz").keys() == {"full"}


@pytest.mark.parametrize("broken", [b"<svg", b"\x89PNG", b"", b"\xff\xfe"])
def test_a_broken_drawing_is_a_fault_that_can_be_counted(broken):
    pytest.importorskip("resvg_py", reason="resvg-py brings it")
    with pytest.raises(ValueError):  # noqa: PT011 - resvg's own words
        crops(broken, "svg", "toys|a.svg")


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (noise(10, 100), "small"),
        (noise(20, 200), "slim"),
        (np.full((50, 50, 3), 90, np.uint8), "flat"),
        (np.zeros((50, 50, 4), np.uint8), "empty"),
    ],
)
def test_what_teaches_nothing_is_passed_over_with_the_reason(pixels, reason):
    with pytest.raises(PassedOverError, match=reason):
        crops(picture(pixels))


def test_a_cutout_that_is_small_without_its_margin_is_passed_over():
    pixels = np.zeros((100, 100, 4), np.uint8)
    pixels[40:60, 40:60] = 255
    with pytest.raises(PassedOverError, match="small"):
        crops(picture(pixels), shortest=64)


def test_a_drawing_of_millions_of_points_is_passed_over():
    pytest.importorskip("resvg_py", reason="resvg-py brings it")
    with pytest.raises(PassedOverError, match="large"):
        crops(SVG.encode() + b" " * 2_000_000, "svg", "toys|a.svg")


@given(
    height=st.integers(16, 140),
    width=st.integers(16, 140),
    kind=st.sampled_from(["photo", "cut", "art", "tex"]),
    side=st.sampled_from([32, 64]),
)
def test_whatever_the_shape_every_crop_fits(height, width, kind, side):
    try:
        made = crops(picture(noise(height, width)), kind, side=side)
    except PassedOverError:
        return
    assert made
    assert all(max(one.size) <= side for one in made.values())
