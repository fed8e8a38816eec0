"""A segment gives back what was put in, at its true time, also when its writer never came to close it."""

import math
import os
import shutil

import av
import numpy as np
import pytest

from installation.machine.files import StorageError
from installation.recording.segment import CODECS, Segment, near, pictures
from tests.recording.rehearsal import frame, frames

codecs = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS.keys())


def record(path, codec, shown):
    segment = Segment(path, codec, shown[0])
    times = [segment.write(one) for one in shown]
    segment.close()
    return times


def gentle(side=64):
    """A picture without noise: smooth colours all over the cube."""
    ramp = np.linspace(0, 255, side)
    return np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], 255 - ramp[:, None]), axis=-1).astype(np.uint8)


def test_ffv1_gives_every_picture_back_bit_for_bit(tmp_path):
    shown = list(frames(30))
    record(tmp_path / "a.mkv", CODECS["ffv1"], shown)
    for original, (_, pixels) in zip(shown, pictures(tmp_path / "a.mkv"), strict=True):
        np.testing.assert_array_equal(pixels, original.pixels)


@pytest.mark.parametrize(("codec", "levels"), [("h264", 1.0), ("h264-fast", 1.5)])
def test_h264_keeps_colours_within_what_the_eye_forgives(tmp_path, codec, levels):
    record(tmp_path / "a.mkv", CODECS[codec], [frame(1, gentle())])
    ((_, pixels),) = pictures(tmp_path / "a.mkv")
    error = pixels.astype(float) - gentle()
    assert 10 * math.log10(255**2 / np.mean(error**2)) > 38
    assert np.abs(error.mean(axis=(0, 1))).max() < levels


@codecs
def test_pictures_keep_their_true_times(tmp_path, codec):
    stamps = [5_000_000_000, 5_049_000_000, 5_700_000_000, 65_700_000_000]
    shown = [frame(serial, stamp_ns=stamp) for serial, stamp in enumerate(stamps, 1)]
    assert record(tmp_path / "a.mkv", codec, shown) == [0, 49, 700, 60_700]
    assert [pts for pts, _ in pictures(tmp_path / "a.mkv")] == [0, 49, 700, 60_700]


@codecs
def test_time_never_stands_still_or_runs_backwards(tmp_path, codec):
    stamps = [10**9, 10**9, 10**9 + 1, 5 * 10**8]
    record(tmp_path / "a.mkv", codec, [frame(serial, stamp_ns=stamp) for serial, stamp in enumerate(stamps, 1)])
    assert [pts for pts, _ in pictures(tmp_path / "a.mkv")] == [0, 1, 2, 3]


@codecs
def test_of_an_unfinished_file_only_the_newest_picture_is_missing(tmp_path, codec):
    segment = Segment(tmp_path / "a.mkv", codec, frame(1))
    for count, one in enumerate(frames(40)):
        segment.write(one)
        shutil.copy(tmp_path / "a.mkv", tmp_path / "killed.mkv")
        assert len(list(pictures(tmp_path / "killed.mkv"))) == count
    segment.close()


@codecs
def test_a_picture_read_alone_is_the_one_read_in_passing(tmp_path, codec):
    record(tmp_path / "a.mkv", codec, list(frames(50)))
    everything = dict(pictures(tmp_path / "a.mkv"))
    chosen = {50 * place for place in (0, 3, 19, 20, 41, 49)}
    alone = dict(pictures(tmp_path / "a.mkv", chosen))
    assert set(alone) == chosen
    for pts, pixels in alone.items():
        np.testing.assert_array_equal(pixels, everything[pts])


@codecs
def test_a_file_cut_anywhere_gives_what_is_whole_before_the_cut(tmp_path, codec):
    record(tmp_path / "a.mkv", codec, list(frames(20)))
    size = (tmp_path / "a.mkv").stat().st_size
    counts = []
    for share in (0.02, 0.3, 0.6, 0.9, 1.0):
        shutil.copy(tmp_path / "a.mkv", tmp_path / "cut.mkv")
        os.truncate(tmp_path / "cut.mkv", int(size * share))
        counts.append(len(list(pictures(tmp_path / "cut.mkv"))))
    assert counts == sorted(counts)
    assert counts[0] <= 1
    assert counts[2] >= 10
    assert counts[-1] == 20


@pytest.mark.parametrize("content", [b"", b"no video at all", bytes(5000)])
def test_what_is_no_video_gives_nothing(tmp_path, content):
    (tmp_path / "a.mkv").write_bytes(content)
    assert list(pictures(tmp_path / "a.mkv")) == []


@codecs
def test_the_file_says_how_its_colours_are_meant(tmp_path, codec):
    record(tmp_path / "a.mkv", codec, list(frames(2)))
    with av.open(str(tmp_path / "a.mkv")) as container:
        context = container.streams.video[0].codec_context
        said = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
    assert said == (codec.matrix, 1, codec.transfer, codec.span)


def test_every_size_the_ring_can_hold_is_recorded(tmp_path):
    for number, (height, width) in enumerate([(64, 64), (65, 67), (512, 64), (96, 160)]):
        pixels = np.full((height, width, 3), 90, np.uint8)
        record(tmp_path / f"{number}.mkv", CODECS["ffv1"], [frame(1, pixels)])
        ((_, seen),) = pictures(tmp_path / f"{number}.mkv")
        np.testing.assert_array_equal(seen, pixels)


def test_a_missing_folder_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(StorageError, match="No such file or directory"):
        record(tmp_path / "missing" / "a.mkv", CODECS["ffv1"], [frame(1)])


@codecs
def test_a_picture_near_a_time_is_found_without_reading_the_others(tmp_path, codec):
    shown = list(frames(45))
    times = record(tmp_path / "a.mkv", codec, shown)
    every = dict(pictures(tmp_path / "a.mkv"))
    for wanted in (times[0], times[30], times[-1]):
        found = near(tmp_path / "a.mkv", wanted)
        assert found is not None
        (at,) = [time for time, pixels in every.items() if np.array_equal(pixels, found)]
        assert wanted - 20 * 50 <= at <= wanted  # a picture that stands alone comes every 20 pictures at the latest


def test_of_a_file_without_its_end_there_is_a_picture_all_the_same(tmp_path):
    record(tmp_path / "a.mkv", CODECS["ffv1"], list(frames(10)))
    cut = tmp_path / "b.mkv"
    cut.write_bytes((tmp_path / "a.mkv").read_bytes()[:-30_000])
    found = near(cut, 400)
    assert found is not None
    assert found.shape == (64, 64, 3)


def test_where_no_picture_is_none_is_found(tmp_path):
    (tmp_path / "a.mkv").write_bytes(b"no film")
    assert near(tmp_path / "a.mkv", 0) is None
    assert near(tmp_path / "none.mkv", 0) is None
