"""Animated pictures repeat for ever, close, keep their colours, and are no larger than they may be."""

import dataclasses

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from installation.publishing import Wishes, publish
from installation.publishing.animation import SMALLEST, Bounds, animated, coded
from installation.publishing.forms import apng, gif, webp
from tests.publishing.outside import identify, needs_imagemagick
from tests.recording.rehearsal import frame, frames, rehearse

FORMS = {"gif": gif.BOUNDS, "apng": apng.BOUNDS, "webp": webp.BOUNDS}
WRITERS = {"gif": gif.written, "apng": apng.WRITE, "webp": webp.WRITE}


def breathing(count, side=48):
    """Two colours side by side whose light slowly rises and falls."""
    for serial in range(1, count + 1):
        pixels = np.empty((side, side, 3), np.uint8)
        pixels[:, : side // 2] = (190, 90, 40 + round(30 * np.sin(serial / 12)))
        pixels[:, side // 2 :] = (40, 80, 120)
        yield frame(serial, pixels)


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return rehearse(tmp_path_factory.mktemp("take") / "owl", breathing(80))


@pytest.fixture(scope="module")
def made(take, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return dict(zip(FORMS, publish(take, out, forms=list(FORMS), wishes=Wishes(loop=2.0)), strict=True))


def shown(path):
    """Every picture as Pillow reads it, and how long it stands, in ms."""
    with Image.open(path) as picture:
        for one in ImageSequence.Iterator(picture):
            rgb = np.asarray(one.convert("RGB")).astype(int)
            yield rgb, one.info["duration"]


@pytest.mark.parametrize("name", FORMS)
def test_pillow_sees_a_loop_without_end_at_an_even_rate(made, name):
    with Image.open(made[name]) as picture:
        assert picture.info["loop"] == 0
    ticks = [duration * FORMS[name].rate / 1000 for _, duration in shown(made[name])]
    assert all(abs(each - round(each)) <= 0.05 for each in ticks)  # WebP holds a picture where the next is the same
    assert 1.1 <= sum(ticks) / FORMS[name].rate <= 2.9


@pytest.mark.parametrize("name", FORMS)
def test_colours_stay_what_they_were(made, name):
    pixels, _ = next(shown(made[name]))
    assert pixels.shape == (48, 48, 3)
    np.testing.assert_allclose(pixels[24, 36], (40, 80, 120), atol=0 if name == "apng" else 6)
    np.testing.assert_allclose(pixels[24, 12, :2], (190, 90), atol=0 if name == "apng" else 6)


@pytest.mark.parametrize("name", FORMS)
def test_from_last_to_first_nothing_jumps(made, name):
    pictures = np.array([pixels for pixels, _ in shown(made[name])])
    steps = np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2, 3))
    assert np.abs(pictures[0] - pictures[-1]).mean() <= steps.max() + 1.0


@pytest.mark.parametrize("name", ["gif", "apng"])  # FFmpeg reads no animated WebP
def test_ffmpeg_counts_as_many_pictures_as_pillow(made, name):
    with av.open(str(made[name])) as container:
        assert sum(1 for _ in container.decode(video=0)) == len(list(shown(made[name])))


@needs_imagemagick
@pytest.mark.parametrize("name", ["gif", "webp"])
def test_imagemagick_sees_every_picture(made, name):
    assert len(identify(made[name], "%m")) == len(list(shown(made[name])))


def test_every_picture_of_a_gif_has_a_palette_of_its_own(tmp_path):
    """Red first, blue in the end: 256 colours for both together would leave half of them to each."""
    ramp = np.arange(64, dtype=np.uint8)[:, None] * 3 + np.zeros((64, 64), np.uint8)
    empty = np.zeros_like(ramp)
    red, blue = np.stack([ramp + 60, empty, empty], -1), np.stack([empty, empty, ramp + 60], -1)
    take = rehearse(tmp_path / "t", (frame(n, red if n < 30 else blue) for n in range(1, 60)))
    (path,) = publish(take, tmp_path / "out", forms=["gif"], wishes=Wishes(loop=4.0))
    counts = [len(np.unique(pixels.reshape(-1, 3), axis=0)) for pixels, _ in shown(path)]
    assert max(counts) >= 60


@pytest.mark.parametrize("name", FORMS)
def test_what_is_too_large_is_made_smaller_until_it_fits(tmp_path, name):
    take = rehearse(tmp_path / "t", (dataclasses.replace(one, pixels=big(one.serial)) for one in frames(24)))
    bounds = Bounds(side=200, rate=5, total_bytes=200_000 if name == "apng" else 80_000)
    heard: list[float] = []
    path = animated(take, tmp_path / f"x.{name}", bounds, WRITERS[name], seconds=1.0, progress=heard.append)
    with Image.open(path) as picture:
        assert path.stat().st_size <= bounds.total_bytes
        assert SMALLEST <= max(picture.size) < 200
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def big(serial):
    return np.random.default_rng(serial).integers(0, 256, (240, 200, 3), np.uint8)


def test_below_the_smallest_size_it_is_left_as_it_is(tmp_path):
    take = rehearse(tmp_path / "t", frames(12))
    path = animated(take, tmp_path / "x.gif", Bounds(64, 5, 10), gif.written, seconds=1.0, progress=lambda _: None)
    with Image.open(path) as picture:
        assert max(picture.size) == SMALLEST


@given(height=st.integers(8, 4000), width=st.integers(8, 4000), share=st.floats(0.05, 1.0))
def test_pictures_are_never_enlarged_and_keep_their_shape(height, width, share):
    tall, wide = Bounds(480, 10, 1).size((height, width, 3), share)
    assert 1 <= tall <= height
    assert 1 <= wide <= width
    assert max(tall, wide) <= 480
    scale = share * min(1.0, 480 / max(height, width))
    assert abs(tall - height * scale) <= 1
    assert abs(wide - width * scale) <= 1


def test_the_three_are_kept_within_what_their_help_says():
    assert (gif.BOUNDS.total_bytes, apng.BOUNDS.total_bytes, webp.BOUNDS.total_bytes) == (8e6, 24e6, 6e6)
    assert callable(coded("apng", "rgb24", "apng", {}, {}))
    assert 100 % gif.BOUNDS.rate == 0  # GIF counts in hundredths of a second
