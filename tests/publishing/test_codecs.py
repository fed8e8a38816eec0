"""Films for screens, editors and archives are what they say, down to their tags, and keep their colours."""

import math

import numpy as np
import pytest

from installation.publishing import FORMS, PublishError, Wishes, publish
from installation.publishing.projection import LAST_LOOK
from installation.recording import takes
from tests.publishing.outside import decoded, ffprobe, needs_ffmpeg
from tests.recording.rehearsal import frame, frames, rehearse

FRAMES, RATE, HEIGHT = 5, 12, 256
SECONDS = (FRAMES - 1) * 0.05 + LAST_LOOK
FILMS = {
    "h264": ("h264", "High", "yuv420p", "avc1"),
    "hevc": ("hevc", "Main 10", "yuv420p10le", "hvc1"),
    "av1": ("av1", "Main", "yuv420p10le", "av01"),
    "prores": ("prores", "HQ", "yuv422p10le", "apch"),
    "prores4444": ("prores", "4444", "yuv444p12le", "ap4h"),
    "ffv1": ("ffv1", None, "yuv444p10le", None),
    "dnxhr": ("dnxhd", "DNXHR HQX", "yuv422p10le", "AVdh"),
}
COLOURS = np.array([[30, 60, 90], [200, 120, 40], [128, 128, 128], [240, 240, 235]], np.uint8)


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return rehearse(tmp_path_factory.mktemp("takes") / "owl", frames(FRAMES))


@pytest.fixture(scope="module")
def made(take, tmp_path_factory):
    out = tmp_path_factory.mktemp("films")
    paths = publish(take, out, forms=list(FILMS), wishes=Wishes(height=HEIGHT, rate=RATE))
    return dict(zip(FILMS, paths, strict=True))


@needs_ffmpeg
@pytest.mark.parametrize("name", FILMS)
def test_ffprobe_sees_the_codec_and_its_colour_tags(made, name):
    (stream,) = (one for one in ffprobe(made[name])["streams"] if one["codec_type"] == "video")
    codec, profile, pixel_format, letters = FILMS[name]
    assert (stream["codec_name"], stream.get("profile"), stream["pix_fmt"]) == (codec, profile, pixel_format)
    assert letters in {None, stream["codec_tag_string"]}
    tags = [stream[tag] for tag in ("color_range", "color_space", "color_transfer", "color_primaries")]
    assert tags == ["tv", "bt709", "bt709", "bt709"]


@needs_ffmpeg
@pytest.mark.parametrize("name", FILMS)
def test_a_film_lasts_as_long_as_its_take_at_a_constant_rate(made, name):
    told = ffprobe(made[name])
    assert int(told["streams"][0]["nb_read_frames"]) == math.ceil(SECONDS * RATE)
    assert told["streams"][0]["avg_frame_rate"] == f"{RATE}/1"
    assert float(told["format"]["duration"]) == pytest.approx(SECONDS, abs=1 / RATE)


@needs_ffmpeg
@pytest.mark.parametrize("name", FILMS)
def test_the_time_code_begins_when_the_take_did(take, made, name):
    tags = [stream.get("tags", {}) for stream in ffprobe(made[name])["streams"]]
    codes = [value for each in tags for tag, value in each.items() if tag.lower() == "timecode"]
    assert set(codes) == {f"{take.started:%H:%M:%S}:00"}
    if name != "ffv1":  # Matroska has a tag for it, the others a track
        assert "tmcd" in [stream["codec_tag_string"] for stream in ffprobe(made[name])["streams"]]


@pytest.mark.parametrize("name", sorted(set(FILMS) - {"ffv1"}))
def test_a_film_can_be_played_while_it_is_loading(made, name):
    content = made[name].read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@needs_ffmpeg
@pytest.mark.parametrize("name", FILMS)
def test_colours_stay_what_they_were(tmp_path, name):
    field = np.repeat(np.repeat(COLOURS.reshape(2, 2, 3), 32, axis=0), 32, axis=1)
    still = rehearse(tmp_path / "t", (frame(n, field) for n in (1, 2)))
    (path,) = publish(still, tmp_path, forms=[name], wishes=Wishes(height=HEIGHT, rate=5))
    last = np.frombuffer(decoded(path, "rgb24"), np.uint8).reshape(-1, HEIGHT, HEIGHT, 3)[-1]
    np.testing.assert_allclose(last[64::128, 64::128].reshape(4, 3).astype(int), COLOURS, atol=3)


@needs_ffmpeg
def test_the_master_returns_the_last_picture_bit_for_bit(take, tmp_path):
    (path,) = publish(take, tmp_path, forms=["ffv1"], wishes=Wishes(rate=RATE))
    *_, last = takes.frames(take)
    codes = np.frombuffer(decoded(path, "yuv444p10le"), "<u2").reshape(-1, 3, *last.pixels.shape[:2])[-1]
    np.testing.assert_array_equal(to_rgb(codes.astype(np.float64)), last.pixels)


def to_rgb(codes):
    """10-bit limited-range BT.709 codes, 3 x H x W, to 8-bit RGB (ITU-R BT.709, section 3)."""
    luma, blue, red = (codes[0] - 64) / 876, (codes[1] - 512) / 896, (codes[2] - 512) / 896
    r, b = luma + 1.5748 * red, luma + 1.8556 * blue
    g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152
    return np.clip((np.stack([r, g, b], axis=-1) * 255).round(), 0, 255).astype(np.uint8)


@needs_ffmpeg
@pytest.mark.parametrize("name", ["hevc", "prores", "dnxhr"])
def test_ten_bits_hold_levels_that_eight_cannot(tmp_path, name):
    dark = (frame(n, np.full((64, 64, 3), 20 + n, np.uint8), stamp_ns=n * 300_000_000) for n in (1, 2))
    take = rehearse(tmp_path / "t", dark)
    (path,) = publish(take, tmp_path, forms=[name], wishes=Wishes(height=256, rate=30))
    pixel_format = FILMS[name][2]
    planes = np.frombuffer(decoded(path, pixel_format), "<u2")
    shares = {"yuv420p10le": 1.5, "yuv422p10le": 2.0}
    pictures = planes.reshape(-1, round(256 * 256 * shares[pixel_format]))
    assert len(set(pictures[:, 128 * 257].tolist())) >= 4  # one step of 8 bits, seen at its quarters


@needs_ffmpeg
def test_the_master_has_the_size_of_the_take_even_where_that_is_odd(tmp_path):
    take = rehearse(tmp_path / "t", (frame(n, np.zeros((65, 33, 3), np.uint8)) for n in (1, 2)))
    (path,) = publish(take, tmp_path, forms=["ffv1"], wishes=Wishes(rate=5))
    stream = ffprobe(path)["streams"][0]
    assert (stream["width"], stream["height"]) == (33, 65)


def test_a_picture_too_small_for_a_codec_is_refused_with_what_to_do(take, tmp_path):
    with pytest.raises(PublishError, match=r"256 x 120 pixels and more, not 64 x 64. Make them larger with --height"):
        publish(take, tmp_path, forms=["dnxhr"], wishes=Wishes(height=64))
    assert list(tmp_path.iterdir()) == []


def test_every_film_is_tried_here():
    assert {name for name, form in FORMS.items() if form.doc.startswith("Film")} == set(FILMS)
