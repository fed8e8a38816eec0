"""A bed of sound is as long as its film: repeated or cut, faded out, and in step with the picture."""

import wave
from itertools import pairwise

import av
import numpy as np
import pytest

from installation.publishing import PublishError, Wishes, publish
from installation.publishing.sound import FADE, RATE, Bed
from tests.publishing.outside import ffprobe, needs_ffmpeg
from tests.recording.rehearsal import frames, rehearse


def record(path, seconds, *, rate=RATE, channels=2, pitch=440.0):
    """A sine as a WAV file."""
    times = np.arange(round(seconds * rate)) / rate
    samples = np.repeat((np.sin(2 * np.pi * pitch * times) * 16384).astype("<i2")[:, None], channels, axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


def to_flac(path):
    flac = path.with_suffix(".flac")
    with av.open(str(path)) as source, av.open(str(flac), "w") as target:
        stream = target.add_stream("flac", rate=RATE)
        for block in source.decode(audio=0):
            target.mux(stream.encode(block))
        target.mux(stream.encode(None))
    return flac


@pytest.mark.parametrize("length", [0.3, 2.0, 5.0])
def test_it_has_exactly_the_samples_of_its_film(tmp_path, length):
    bed = Bed(record(tmp_path / "s.wav", length), 2.0)
    blocks = [bed.until(seconds) for seconds in (0.0, 0.04, 1.0, 1.0, 2.0)]
    assert [block.shape for block in blocks] == [(2, 0), (2, 1920), (2, 46080), (2, 0), (2, 48000)]


def test_a_short_recording_begins_again_where_it_ends(tmp_path):
    bed = Bed(record(tmp_path / "s.wav", 0.25), 10.0)
    first, second = bed.until(0.25), bed.until(0.5)
    np.testing.assert_array_equal(first, second)
    assert np.abs(first).max() == pytest.approx(0.5, abs=1e-3)


def test_it_fades_out_at_the_end_of_the_film(tmp_path):
    bed = Bed(record(tmp_path / "s.wav", 5.0), 2.0)
    loud, fading = bed.until(2.0 - FADE), bed.until(2.0)
    assert np.abs(loud[:, -1000:]).max() == pytest.approx(0.5, abs=1e-3)
    tops = [np.abs(part).max() for part in np.array_split(fading, 10, axis=1)]
    assert all(later < earlier for earlier, later in pairwise(tops))
    assert np.abs(fading[:, -1]).max() < 1e-4


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (48_000, 1), (96_000, 2)])
def test_any_rate_and_number_of_channels_becomes_stereo_at_48_kilohertz(tmp_path, rate, channels):
    heard = Bed(record(tmp_path / "s.wav", 2.0, rate=rate, channels=channels), 4.0).until(1.0)
    assert heard.shape == (2, RATE)
    spectrum = np.abs(np.fft.rfft(heard[0]))
    assert spectrum.argmax() == 440


def test_flac_sounds_as_the_wav_it_was_made_of(tmp_path):
    path = record(tmp_path / "s.wav", 0.5)
    np.testing.assert_array_equal(Bed(path, 9.0).until(0.5), Bed(to_flac(path), 9.0).until(0.5))


@pytest.mark.parametrize("content", [b"", b"no sound at all", b"#EXTM3U\nother.wav\n"])
def test_what_is_no_recording_is_refused_with_a_sentence(tmp_path, content):
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(PublishError, match=r"no sound can be read from it. Give a WAV or FLAC file with --audio"):
        Bed(tmp_path / "x.wav", 1.0)


def test_a_recording_that_is_not_there_and_a_film_without_sound_are_refused_alike(tmp_path):
    take = rehearse(tmp_path / "t", frames(3))
    (film,) = publish(take, tmp_path, forms=["h264"], wishes=Wishes(height=64, rate=5))
    for path in (tmp_path / "nothing.wav", film):
        with pytest.raises(PublishError, match="no sound"):
            publish(take, tmp_path / "out", forms=["h264"], wishes=Wishes(height=64, rate=5, audio=path))
    assert not (tmp_path / "out").exists()


def test_a_recording_cut_off_in_the_middle_is_heard_as_far_as_it_goes(tmp_path):
    path = record(tmp_path / "s.wav", 2.0)
    path.write_bytes(path.read_bytes()[:50_000])
    assert Bed(path, 4.0).until(3.0).shape == (2, 3 * RATE)


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("h264", "aac"),
        ("hevc", "aac"),
        ("av1", "aac"),
        ("prores", "pcm_s24le"),
        ("dnxhr", "pcm_s24le"),
        ("ffv1", "flac"),
        ("loop", "aac"),
    ],
)
def test_every_film_may_have_one_as_long_as_its_picture(tmp_path, name, codec):
    take = rehearse(tmp_path / "t", frames(5))
    wishes = Wishes(height=256, rate=12, loop=1.0, audio=record(tmp_path / "s.wav", 0.7))
    (path,) = publish(take, tmp_path, forms=[name], wishes=wishes)
    streams = {one["codec_type"]: one for one in ffprobe(path)["streams"]}
    assert streams["audio"]["codec_name"] == codec
    assert (streams["audio"]["sample_rate"], streams["audio"]["channels"]) == ("48000", 2)
    pictures = int(streams["video"]["nb_read_frames"]) / 12
    with av.open(str(path)) as film:
        heard = sum(block.samples for block in film.decode(audio=0)) / RATE
    assert heard == pytest.approx(pictures, abs=2 * 1024 / RATE)  # AAC comes in blocks of 1024 samples
