"""Stills carry every bit of the take, in the order of the take, and say what they are."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from installation.publishing import PublishError, Wishes, publish
from installation.publishing.forms import exr
from installation.publishing.reel import reel
from installation.publishing.stills import Still
from installation.recording import takes
from installation.stage.light import curve
from tests.publishing.outside import decoded, identify, needs_ffmpeg, needs_imagemagick
from tests.recording.rehearsal import frame, frames, noise, rehearse

SIDE = 24


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    recorded = (frame(n, noise(n, SIDE, SIDE + 4)) for n in range(1, 14))
    return rehearse(tmp_path_factory.mktemp("takes") / "owl", recorded)


@pytest.fixture(scope="module")
def made(take, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return dict(zip(["png", "tiff", "exr"], publish(take, out, forms=["png", "tiff", "exr"]), strict=True))


@pytest.fixture(scope="module")
def finished(take):
    return [one for one in takes.frames(take) if one.phase == "generation"]


@pytest.mark.parametrize(("name", "suffix"), [("png", "png"), ("tiff", "tif"), ("exr", "exr")])
def test_every_finished_generation_has_its_number(made, finished, name, suffix):
    assert [file.name for file in sorted(made[name].iterdir())] == [
        f"owl.{number:06d}.{suffix}" for number in range(1, len(finished) + 1)
    ]


def test_a_png_has_exactly_the_pixels_that_were_recorded(made, finished):
    for file, one in zip(sorted(made["png"].iterdir()), finished, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(file)), one.pixels)


def test_a_png_says_its_generation_and_its_colours(made):
    with Image.open(sorted(made["png"].iterdir())[1]) as picture:
        assert picture.info["Description"] == "Machine dementia, generation 1"
        profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_a_tiff_has_16_bits_of_which_8_are_exactly_the_recorded(made, finished):
    for file, one in zip(sorted(made["tiff"].iterdir()), finished, strict=True):
        codes = tifffile.imread(file)
        assert codes.dtype == np.uint16
        np.testing.assert_array_equal(codes, one.pixels.astype(np.uint16) * 257)


@needs_imagemagick
def test_imagemagick_sees_16_bits_and_a_profile(made):
    for file in sorted(made["tiff"].iterdir()):
        assert identify(file, "%m %z %w %h %[profile:icc] %C") == ["TIFF 16 28 24 sRGB built-in Zip"]


@needs_ffmpeg
def test_an_exr_has_the_light_itself(made, finished):
    for file, one in zip(sorted(made["exr"].iterdir()), finished, strict=True):
        planes = np.frombuffer(decoded(file, "gbrpf32le"), np.float32).reshape(3, SIDE, SIDE + 4)
        wanted = curve(one.pixels / 255.0)
        np.testing.assert_allclose(planes[[2, 0, 1]].transpose(1, 2, 0), wanted, atol=1e-6)


@needs_ffmpeg
def test_an_exr_keeps_light_beyond_white_and_below_black(tmp_path):
    light = np.random.default_rng(1).normal(0.5, 4.0, (5, 7, 3)).astype(np.float32)
    exr.written(tmp_path / "x.exr", Still(light, ""))
    planes = np.frombuffer(decoded(tmp_path / "x.exr", "gbrpf32le"), np.float32).reshape(3, 5, 7)
    np.testing.assert_array_equal(planes[[2, 0, 1]].transpose(1, 2, 0), light)


@needs_imagemagick
def test_imagemagick_opens_an_exr(made):
    assert identify(min(made["exr"].iterdir()), "%m %w %h") == ["EXR 28 24"]


def test_stills_of_every_tick_are_the_pictures_of_the_film(take, tmp_path):
    (folder,) = publish(take, tmp_path, forms=["tiff"], wishes=Wishes(rate=12, stills="ticks"))
    on_reel = reel(take, 12)
    files = sorted(folder.iterdir())
    assert len(files) == on_reel.ticks
    for file, light in zip(files, on_reel.lights(), strict=True):
        codes = tifffile.imread(file) / 65535.0
        np.testing.assert_allclose(curve(codes), light, atol=2e-4)


def test_between_recorded_codes_lie_others(tmp_path):
    dark = (frame(n, np.full((8, 8, 3), 20 + n, np.uint8), stamp_ns=n * 300_000_000) for n in (1, 2))
    take = rehearse(tmp_path / "t", dark)
    (folder,) = publish(take, tmp_path / "out", forms=["tiff"], wishes=Wishes(rate=30, stills="ticks"))
    levels = {int(tifffile.imread(file)[0, 0, 0]) for file in folder.iterdir()}
    assert len(levels) > 8


def test_a_take_with_nothing_finished_has_no_generations_to_show(tmp_path):
    take = rehearse(tmp_path / "t", (one for one in frames(20) if one.phase == "burn"))
    with pytest.raises(PublishError, match="no finished generation"):
        publish(take, tmp_path / "out", forms=["png"])


def test_a_disk_that_refuses_leaves_no_folder(take, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(PublishError, match="cannot be written"):
        publish(take, tmp_path / "out", forms=["png"])
