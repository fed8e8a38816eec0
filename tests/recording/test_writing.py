"""A take on its way to the disk is readable at every moment, and says the truth about itself."""

import itertools
import json

import av
import numpy as np
import pytest

from installation.machine.files import StorageError
from installation.machine.settings import RecordingSettings
from installation.recording import takes
from installation.recording.writing import Writing, require_room
from tests.recording.rehearsal import MANIFEST, SETTINGS, beginning, frame, frames, noise, rehearse


def serials(take):
    return [one.serial for one in takes.frames(take)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "takes" / "t"


def test_a_take_gives_every_frame_back_as_it_was(folder):
    take = rehearse(folder, frames(40))
    for original, read in zip(frames(40), takes.frames(take), strict=True):
        np.testing.assert_array_equal(read.pixels, original.pixels)
        assert (read.serial, read.stamp_ns, read.generation) == (
            original.serial,
            original.stamp_ns,
            original.generation,
        )
        assert (read.phase, read.temperature) == (original.phase, original.temperature)


def test_the_scene_stands_in_the_take_letter_by_letter(folder):
    rehearse(folder, frames(2))
    assert (folder / "scene.toml").read_text() == MANIFEST["scene_text"]


def test_the_card_says_with_what_it_was_made(folder):
    take = rehearse(folder, frames(2))
    assert (take.title, take.scene, take.seed, take.origin) == (
        "Machine dementia", "machine-dementia", 2**63 - 25, "owl.webp",
    )  # fmt: skip
    assert take.manifest["digest"] == "ab" * 32
    assert json.loads((folder / "take.json").read_text())["schema"] == takes.SCHEMA


def test_the_card_names_the_versions_that_made_it(folder):
    rehearse(folder, frames(2))
    assert takes.load(folder).manifest["versions"]["av"] == av.__version__


def test_while_it_is_written_all_but_the_newest_frame_can_be_read(folder):
    writing = Writing(beginning(folder), SETTINGS)
    for one in frames(12):
        writing.add(one)
        take = takes.load(folder)
        assert take.status == "cut off"
        assert serials(take) == list(range(1, one.serial))
        assert take.frames == one.serial - 1
    writing.end("")


def test_the_end_is_written_with_its_reason(folder):
    take = rehearse(folder, frames(3))
    assert take.status == "complete"
    assert take.ended
    assert take.ended >= take.started
    assert take.reason == "Stopped on request."
    assert (take.frames, take.dropped) == (3, 0)


def test_frames_that_never_came_are_counted(folder):
    take = rehearse(folder, (frame(serial) for serial in (1, 2, 5, 6, 10)))
    assert (take.frames, take.dropped) == (5, 5)
    assert serials(take) == [1, 2, 5, 6, 10]


def test_a_new_segment_begins_when_the_old_one_is_long_enough(folder):
    settings = RecordingSettings(segment=1.0, reserve_bytes=0)
    take = rehearse(folder, frames(45), settings)
    assert sorted(file.name for file in folder.glob("*.mkv")) == [f"frames-000{n}.mkv" for n in range(3)]
    assert serials(take) == list(range(1, 46))


def test_a_new_segment_begins_when_the_pictures_change_size(folder):
    sizes = [(64, 64), (64, 64), (128, 64), (64, 64)]
    take = rehearse(folder, (frame(n, noise(n, *size)) for n, size in enumerate(sizes, 1)))
    assert [one.pixels.shape[:2] for one in takes.frames(take)] == sizes
    assert [mark.segment for mark in takes.marks(folder)] == [0, 0, 1, 2]


def test_a_take_whose_writer_died_goes_on_where_it_stopped(folder):
    dead = Writing(beginning(folder), SETTINGS)
    for one in frames(10):
        dead.add(one)
    reborn = Writing(beginning(folder, after=99), SETTINGS)
    assert reborn.last == 9  # the tenth was on its way and is read again
    for one in itertools.islice(frames(20), reborn.last, None):
        reborn.add(one)
    reborn.end("Stopped on request.")
    take = takes.load(folder)
    assert serials(take) == list(range(1, 21))
    assert (take.frames, take.dropped, take.status) == (20, 0, "complete")
    dead.end("")


def test_what_was_lost_between_two_lives_is_counted(folder):
    dead = Writing(beginning(folder), SETTINGS)
    for one in frames(4):
        dead.add(one)
    reborn = Writing(beginning(folder), SETTINGS)
    reborn.add(frame(10))
    reborn.end("")
    assert takes.load(folder).dropped == 6  # 4 was not yet safe, 5 to 9 were never seen
    dead.end("")


def test_a_second_life_keeps_the_beginning_of_the_first(folder):
    first = Writing(beginning(folder), SETTINGS)
    began = takes.load(folder).started
    second = Writing(beginning(folder), SETTINGS)
    assert takes.load(folder).started == began
    first.end("")
    second.end("")


def test_a_reserve_larger_than_the_disk_is_refused_with_a_sentence(folder):
    with pytest.raises(StorageError, match=r"GiB are free where .* Remove old takes or lower recording\.reserve_bytes"):
        Writing(beginning(folder), RecordingSettings(reserve_bytes=2**60))


def test_no_reserve_asks_for_no_room(tmp_path):
    require_room(tmp_path, 0)


def test_a_place_that_is_no_folder_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "takes").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="cannot be written"):
        Writing(beginning(tmp_path / "takes" / "t"), SETTINGS)


def test_an_empty_take_can_be_ended(folder):
    Writing(beginning(folder), SETTINGS).end("Stopped on request.")
    take = takes.load(folder)
    assert (take.status, take.frames, serials(take)) == ("complete", 0, [])


def test_a_finished_take_leaves_nothing_but_itself(folder):
    rehearse(folder, frames(3))
    assert sorted(file.name for file in folder.iterdir()) == [
        "frames-0000.mkv", "frames.jsonl", "log.jsonl", "scene.toml", "take.json",
    ]  # fmt: skip


@pytest.mark.parametrize("codec", ["h264", "h264-fast"])
def test_h264_is_recorded_where_it_is_asked_for(folder, codec):
    take = rehearse(folder, frames(5), RecordingSettings(codec=codec, reserve_bytes=0))
    assert serials(take) == [1, 2, 3, 4, 5]
    assert b"x264" in (folder / "frames-0000.mkv").read_bytes()
