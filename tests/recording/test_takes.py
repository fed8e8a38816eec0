"""Takes are found, named and read, whatever lies around them and however they ended."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.recording import takes
from installation.recording.takes import TakeError
from installation.recording.writing import Writing
from installation.records import Message
from tests.recording.rehearsal import SETTINGS, beginning, frames, generation, rehearse

NOON = datetime(2026, 11, 23, 14, 5, 9, tzinfo=UTC)


@pytest.fixture
def take(tmp_path):
    return rehearse(takes.new_folder(tmp_path, "Machine dementia", NOON), frames(13))


def test_a_take_is_named_by_its_time_and_scene(tmp_path):
    assert (
        takes.new_folder(tmp_path, "machine-dementia", NOON) == tmp_path / "takes/2026-11-23T14-05-09-machine-dementia"
    )


def test_two_takes_of_one_second_have_two_folders(tmp_path):
    first = takes.new_folder(tmp_path, "s", NOON)
    first.mkdir(parents=True)
    second = takes.new_folder(tmp_path, "s", NOON)
    assert second.name == f"{first.name}-2"
    assert takes.new_folder(tmp_path, "s", NOON, [second.name]).name == f"{first.name}-3"


@given(scene=st.text())
def test_any_scene_name_gives_a_folder_among_the_takes(scene):
    state = Path("state-folder-that-is-not-made")
    assert takes.new_folder(state, scene, NOON).parent == state / "takes"


def test_all_takes_are_listed_oldest_first_and_garbage_is_passed_over(tmp_path):
    home = tmp_path / "takes"
    for name in ("b", "a"):
        rehearse(home / name, frames(2))
    (home / "empty").mkdir()
    (home / "a file").write_text("")
    for name, card in (
        ("torn", '{"schema": 1, "man'),
        ("list", "[]"),
        ("bare", '{"schema": 1}'),
        ("new", '{"schema": 2}'),
    ):
        (home / name).mkdir()
        (home / name / "take.json").write_text(card)
    assert [take.name for take in takes.all_takes(tmp_path)] == ["b", "a"]


def test_a_state_without_takes_has_none(tmp_path):
    assert takes.all_takes(tmp_path) == []


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        ("", "damaged; its pictures may still be whole"),
        ("[]", "not of schema 1"),
        ('{"schema": 7}', "not of schema 1; read it with the version that wrote it"),
        ('{"schema": 1, "ended": null}', "damaged"),
    ],
)
def test_a_damaged_card_is_refused_with_a_sentence(tmp_path, card, sentence):
    (tmp_path / "take.json").write_text(card)
    with pytest.raises(TakeError, match=sentence):
        takes.load(tmp_path)


def test_a_folder_without_a_card_is_no_take(tmp_path):
    with pytest.raises(TakeError, match=r"holds no take .* See `burntout takes`"):
        takes.load(tmp_path)


@given(
    damage=st.dictionaries(
        st.sampled_from(["manifest", "origin", "started", "clock_ns", "ended", "reason", "frames", "dropped"]),
        st.none() | st.integers() | st.text() | st.lists(st.integers()),
    )
)
def test_any_card_gives_a_take_or_a_sentence(tmp_path_factory, damage):
    folder = tmp_path_factory.mktemp("take")
    card = {
        "schema": 1, "manifest": {}, "origin": "", "started": NOON.isoformat(), "clock_ns": 0,
        "ended": None, "reason": "", "frames": 0, "dropped": 0,
    }  # fmt: skip
    (folder / "take.json").write_text(json.dumps(card | damage))
    with contextlib.suppress(TakeError):
        assert takes.load(folder).folder == folder


def test_wanted_frames_alone_are_read(take):
    assert [one.serial for one in takes.frames(take, {2, 7, 13, 99})] == [2, 7, 13]


def test_a_missing_segment_costs_its_own_frames_only(tmp_path):
    settings = SETTINGS.model_copy(update={"segment": 0.25})
    take = rehearse(tmp_path / "t", frames(15), settings)
    (take.folder / "frames-0001.mkv").unlink()
    kept = [mark.frame for mark in takes.marks(take.folder) if mark.segment != 1]
    assert [one.serial for one in takes.frames(take)] == kept
    assert 0 < len(kept) < 15


def test_generations_come_back_as_they_were_reported(take):
    assert list(takes.generations(take)) == [generation(serial) for serial in (1, 2, 3)]


def test_messages_come_back_as_they_were_heard(take):
    assert list(takes.messages(take)) == [Message("/burn/gaussian/temperature", (0.4,), "osc", 5)]


def test_lines_of_other_versions_are_read_as_far_as_they_go(take):
    with (take.folder / "log.jsonl").open("a") as log:
        log.write(
            '{"generation": {"serial": 4}}\n{"message": {"address": "/x", "mood": "sad"}}\n{"message": 3}\n{"mess'
        )
    assert len(list(takes.generations(take))) == 3
    assert list(takes.messages(take))[1:] == [Message("/x")]


def test_marks_without_a_picture_and_broken_marks_are_left_out(take):
    with (take.folder / "frames.jsonl").open("a") as marks:
        marks.write('{"frame": 14, "segment": 0}\n{"fra')
    assert len(takes.marks(take.folder)) == 13
    assert len(list(takes.frames(take))) == 13


def test_a_take_knows_what_it_occupies(take):
    assert take.total_bytes == sum(file.stat().st_size for file in take.folder.iterdir())


def test_foreign_files_in_a_take_are_tolerated(take):
    (take.folder / "lineage.safetensors").write_bytes(b"the engine's")
    (take.folder / "notes").mkdir()
    assert takes.load(take.folder) == take


def test_a_take_still_being_written_counts_as_cut_off(tmp_path):
    writing = Writing(beginning(tmp_path), SETTINGS)
    assert takes.load(tmp_path).status == "cut off"
    writing.end("")


def test_a_glance_at_a_take_counts_nothing_and_says_the_same_of_a_finished_one(take):
    assert takes.glance(take.folder) == takes.load(take.folder) == take


def test_a_glance_at_a_take_that_runs_leaves_its_pictures_uncounted(tmp_path):
    writing = Writing(beginning(tmp_path / "a"), SETTINGS)
    for one in frames(5):
        writing.add(one)
    assert (takes.glance(tmp_path / "a").frames, takes.load(tmp_path / "a").frames) == (0, 4)
    writing.end("Stopped.")
