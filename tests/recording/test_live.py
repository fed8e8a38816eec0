"""The live stream is a folder that other programs play while it is being written, and that never grows."""

import dataclasses

import pytest

from installation.machine.files import StorageError
from installation.recording.live import LIST, Live
from tests.publishing.outside import ffprobe, needs_ffmpeg
from tests.recording.rehearsal import frame, frames, noise


def pieces(folder):
    return [line for line in (folder / LIST).read_text().splitlines() if line.endswith(".ts")]


@needs_ffmpeg
def test_another_program_plays_it_while_it_is_being_written(tmp_path):
    live = Live(tmp_path / "live", 0)
    for one in frames(90):  # four seconds and a half
        live.add(one)
    assert "#EXT-X-ENDLIST" not in (tmp_path / "live" / LIST).read_text()
    stream = ffprobe(tmp_path / "live" / pieces(tmp_path / "live")[0])["streams"][0]
    assert (stream["codec_name"], stream["pix_fmt"], stream["color_space"]) == ("h264", "yuv420p", "bt709")
    assert int(stream["nb_read_frames"]) == 40  # two seconds
    live.close()
    assert "#EXT-X-ENDLIST" in (tmp_path / "live" / LIST).read_text()


def test_it_holds_the_last_minute_and_no_more(tmp_path):
    live = Live(tmp_path, 0)
    for second in range(200):
        live.add(dataclasses.replace(frame(second + 1), stamp_ns=second * 10**9))
    live.close()
    assert len(pieces(tmp_path)) <= 30
    assert len(list(tmp_path.glob("*.ts"))) <= 36


def test_a_reborn_recorder_goes_on_with_the_list(tmp_path):
    for life in range(2):
        live = Live(tmp_path, 0)
        for one in frames(90):
            live.add(one)
        live.close()
        assert len(set(pieces(tmp_path))) == 3 * (life + 1)


def test_pictures_of_another_size_begin_it_anew(tmp_path):
    live = Live(tmp_path, 0)
    live.add(frame(1))
    live.add(frame(2, noise(2, 128, 64)))
    assert live.last == 2
    live.close()
    assert len(pieces(tmp_path)) == 2
    live.close()  # twice does no harm


def test_a_folder_that_cannot_be_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        Live(tmp_path / "file" / "live", 0)
    with pytest.raises(StorageError, match="Choose another"):
        Live(tmp_path / "100%", 0)


def test_what_an_earlier_life_left_and_no_list_names_goes_and_what_is_not_ours_stays(tmp_path):
    live = Live(tmp_path, 0)
    for one in frames(90):
        live.add(one)
    live.close()
    for name in ("live-000900.ts", "live-000901.ts.tmp", "mine.ts"):
        (tmp_path / name).write_bytes(b"left")
    before = pieces(tmp_path)
    Live(tmp_path, 0)
    assert {path.name for path in tmp_path.iterdir()} == {*before, LIST, "mine.ts"}
