"""House-keeping deletes what the house allows, and nothing else."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.recording import takes
from installation.recording.budget import DISCARDED, KEEP, beyond, discard, tidy
from installation.recording.takes import CARD

START = datetime(2026, 11, 1, tzinfo=UTC)
BIG = 10_000


def put(state, day, *, keep=False):
    """A take of about ``BIG`` bytes, begun on a day of November."""
    folder = state / takes.FOLDER / f"2026-11-{day:02}T00-00-00-hearth"
    folder.mkdir(parents=True)
    take = takes.begun(folder, {"title": "t", "scene": "hearth", "seed": 1}, "cat", START + timedelta(days=day), 0)
    (folder / CARD).write_text(replace(take, ended=take.started).card())
    (folder / "frames-0001.mkv").write_bytes(b"x" * BIG)
    if keep:
        (folder / KEEP).touch()
    return folder.name


def names(state):
    return [take.name for take in takes.all_takes(state)]


@pytest.fixture
def state(tmp_path):
    for day in range(1, 5):
        put(tmp_path, day)
    return tmp_path


def test_without_a_budget_nothing_is_deleted(state, caplog):
    with caplog.at_level("INFO", "installation.recording"):
        assert tidy(state, None) == []
    assert len(names(state)) == 4
    assert "4 takes use 0.0 GB" in caplog.text


def test_the_oldest_go_until_the_rest_fits(state):
    before = names(state)
    assert tidy(state, 25_000) == before[:2]
    assert names(state) == before[2:]
    assert not (state / DISCARDED).exists()


def test_the_newest_stays_however_small_the_budget(state):
    newest = names(state)[-1]
    tidy(state, 0)
    assert names(state) == [newest]


def test_a_take_that_is_to_be_kept_is_kept(state):
    (state / takes.FOLDER / names(state)[0] / KEEP).touch()
    first, *_, last = names(state)
    tidy(state, 0)
    assert names(state) == [first, last]


def test_what_is_no_take_is_never_touched(state):
    (state / takes.FOLDER / "notes").mkdir()
    (state / takes.FOLDER / "broken").mkdir()
    (state / takes.FOLDER / "broken" / CARD).write_text(json.dumps({"schema": 99}))
    tidy(state, 0)
    assert {"notes", "broken"} <= {path.name for path in (state / takes.FOLDER).iterdir()}


def test_what_an_interrupted_night_left_is_finished_the_next(state):
    (state / DISCARDED / "half").mkdir(parents=True)
    (state / DISCARDED / "half" / "frames-0001.mkv").write_bytes(b"x")
    assert tidy(state, 10**9) == []
    assert not (state / DISCARDED).exists()


def test_an_empty_state_is_tidy(tmp_path):
    assert tidy(tmp_path, 0) == []


@given(st.lists(st.integers(0, 100), max_size=8), st.integers(0, 400))
def test_what_goes_is_the_oldest_no_more_than_needed_and_never_the_newest(sizes, allowed):
    known = [(_take(number), size) for number, size in enumerate(sizes)]
    gone = [take for take, _ in known if take in beyond(known, allowed)]
    assert gone == [take for take, _ in known[: len(gone)]]
    assert len(gone) < max(len(known), 1)
    left = sum(sizes[len(gone) :])
    assert left <= allowed or len(gone) == max(len(known) - 1, 0)
    if gone:
        assert left + sizes[len(gone) - 1] > allowed


def _take(number):
    return takes.begun(Path("nowhere") / str(number), {}, "cat", START + timedelta(days=number), 0)


def test_a_take_that_is_discarded_is_gone_and_the_others_stay(state):
    first, *others = sorted(path for path in (state / takes.FOLDER).iterdir())
    discard(state, [first])
    assert sorted((state / takes.FOLDER).iterdir()) == others
    assert not (state / DISCARDED).exists()
