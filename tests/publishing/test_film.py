"""A film plays everywhere, lasts as long as the take, and keeps its colours."""

import json
import shutil
import subprocess

import av
import numpy as np
import pytest

from installation.publishing import PublishError
from installation.publishing.film import even, film
from installation.publishing.projection import LAST_LOOK
from installation.recording import takes
from tests.recording.rehearsal import frame, frames, noise, rehearse

FRAMES = 13  # 12 gaps of 0.05 s


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return rehearse(tmp_path_factory.mktemp("take"), frames(FRAMES))


@pytest.fixture(scope="module")
def made(take, tmp_path_factory):
    return film(take, tmp_path_factory.mktemp("film") / "film.mp4", height=120)


def pictures(path):
    with av.open(str(path)) as container:
        return [picture.to_ndarray(format="rgb24") for picture in container.decode(video=0)]


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="ffprobe is in Debian's ffmpeg")
def test_ffprobe_sees_what_every_player_plays(made):
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", str(made)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    stream, clock = told["streams"]
    assert (clock["codec_tag_string"], stream["codec_type"]) == ("tmcd", "video")
    assert (stream["codec_name"], stream["profile"], stream["pix_fmt"]) == ("h264", "High", "yuv420p")
    assert (stream["width"], stream["height"], stream["r_frame_rate"], stream["avg_frame_rate"]) == (
        120,
        120,
        "30/1",
        "30/1",
    )
    tags = [stream[name] for name in ("color_range", "color_space", "color_transfer", "color_primaries")]
    assert tags == ["tv", "bt709", "bt709", "bt709"]
    seconds = (FRAMES - 1) * 0.05 + LAST_LOOK
    assert int(stream["nb_read_frames"]) == round(seconds * 30)
    assert float(told["format"]["duration"]) == pytest.approx(seconds, abs=1 / 30)


def test_the_film_says_what_it_is(made):
    with av.open(str(made)) as container:
        told = container.metadata
    assert told["title"] == "Machine dementia"
    assert told["comment"] == f"machine-dementia: archive from owl.webp, lineage seed {2**63 - 25}"


def test_it_can_be_played_while_it_is_loading(made):
    content = made.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_colours_stay_what_they_were(tmp_path):
    colours = np.array([[30, 60, 90], [200, 120, 40], [128, 128, 128], [240, 240, 235]], np.uint8)
    field = np.repeat(np.repeat(colours.reshape(2, 2, 3), 32, axis=0), 32, axis=1)
    take = rehearse(tmp_path / "t", (frame(n, field) for n in (1, 2)))
    last = pictures(film(take, tmp_path / "film.mp4", height=128))[-1]
    middles = last[32::64, 32::64].reshape(4, 3)
    np.testing.assert_allclose(middles.astype(int), colours, atol=3)


def test_the_last_picture_is_reached(take, made):
    small = pictures(made)[-1].reshape(8, 15, 8, 15, 3).mean(axis=(1, 3))
    wanted = noise(FRAMES).reshape(8, 8, 8, 8, 3).mean(axis=(1, 3))
    assert np.corrcoef(small.ravel(), wanted.ravel())[0, 1] > 0.9
    assert take.frames == FRAMES


@pytest.mark.parametrize(("shape", "size"), [((64, 96), (90, 136)), ((96, 64), (90, 60)), ((65, 67), (90, 92))])
def test_the_width_follows_the_picture_and_is_even(tmp_path, shape, size):
    take = rehearse(tmp_path / "t", (frame(n, noise(n, *shape)) for n in (1, 2)))
    assert pictures(film(take, tmp_path / "film.mp4", height=90))[0].shape[:2] == size


@pytest.mark.parametrize(("pixels", "whole"), [(0.3, 2), (119.1, 120), (1080, 1080), (1081.5, 1082)])
def test_even_is_even_and_near(pixels, whole):
    assert even(pixels) == whole


def test_pictures_may_change_size_in_mid_take(tmp_path):
    take = rehearse(tmp_path / "t", (frame(n, noise(n, 64 * n, 64)) for n in (1, 2)))
    assert {picture.shape for picture in pictures(film(take, tmp_path / "film.mp4", height=90))} == {(90, 90, 3)}


def test_progress_rises_to_one(take, tmp_path):
    heard: list[float] = []
    film(take, tmp_path / "film.mp4", height=64, rate=10, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1.0)
    assert len(heard) == 26


def test_an_interrupted_film_leaves_no_half_one(take, tmp_path):
    def interrupt(share):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        film(take, tmp_path / "film.mp4", height=64, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_take_that_was_cut_off_still_makes_a_film(take, tmp_path):
    shutil.copytree(take.folder, tmp_path / "t")
    video = tmp_path / "t" / "frames-0000.mkv"
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    assert len(pictures(film(takes.load(tmp_path / "t"), tmp_path / "film.mp4", height=64))) > 30


@pytest.mark.parametrize("damage", ["no marks", "no pictures"])
def test_a_take_without_pictures_is_refused_with_a_sentence(take, tmp_path, damage):
    shutil.copytree(take.folder, tmp_path / "t")
    (tmp_path / "t" / ("frames.jsonl" if damage == "no marks" else "frames-0000.mkv")).write_bytes(b"")
    with pytest.raises(PublishError, match="there is nothing to publish"):
        film(takes.load(tmp_path / "t"), tmp_path / "film.mp4")
    assert not (tmp_path / "film.mp4").exists()
