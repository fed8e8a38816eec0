"""A generation is there whole or not at all, the first one for ever, and two runs are never mixed."""

import json
import logging

import pytest

from installation.collapse import CollapseError, folder
from installation.machine.files import StorageError

RUN = {"settings": {"mode": "synthetic"}, "beginning": {"seed": 1}}


def kept(path, last, run=RUN):
    """A run with generations 0 to ``last``, their weights being a word."""
    folder.begin(path, run)
    for serial in range(folder.read(path).last + 1, last + 1):
        (folder.place(path, serial) / "weights").write_text(f"of {serial}")
        folder.keep(path, serial, {"recall": 1.0 / (serial + 1)}, {"rate": 0.5})
    return folder.read(path)


def test_what_was_kept_is_read_again(tmp_path):
    run = kept(tmp_path / "one", 2)
    assert (run.name, run.last, run.curve("recall")) == ("one", 2, [1.0, 0.5, pytest.approx(1 / 3)])
    assert [(run.weights(serial) / "weights").read_text() for serial in range(3)] == ["of 0", "of 1", "of 2"]
    assert run.generation(1).made == {"rate": 0.5}


def test_a_run_that_just_began_has_no_generation_and_says_how_to_go_on(tmp_path):
    run = kept(tmp_path / "one", -1)
    assert run.last == -1
    with pytest.raises(CollapseError, match="--name one --resume"):
        run.weights(0)


def test_a_generation_that_is_being_made_is_no_generation(tmp_path):
    kept(tmp_path / "one", 0)
    (folder.place(tmp_path / "one", 1) / "weights").write_text("half")
    assert folder.read(tmp_path / "one").last == 0


def test_what_was_left_half_made_is_gone_when_it_is_made_again(tmp_path):
    kept(tmp_path / "one", 0)
    (folder.place(tmp_path / "one", 1) / "left over").write_text("half")
    assert list(folder.place(tmp_path / "one", 1).iterdir()) == []


def test_generation_zero_is_never_replaced(tmp_path):
    kept(tmp_path / "one", 0)
    folder.place(tmp_path / "one", 0)
    with pytest.raises(CollapseError, match="never replaced"):
        folder.keep(tmp_path / "one", 0, {}, {})
    assert (folder.read(tmp_path / "one").weights(0) / "weights").read_text() == "of 0"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"serial": 2, "readings": {}}', '{"serial": 1, "readings": 3}']
)
def test_a_damaged_generation_ends_the_run_before_it_and_is_made_again(tmp_path, content, caplog):
    kept(tmp_path / "one", 2)
    (tmp_path / "one" / "generation-001" / folder.READINGS).write_text(content)
    with caplog.at_level(logging.WARNING):
        assert folder.read(tmp_path / "one").last == 0
    assert "generation-001 is damaged" in caplog.text
    assert kept(tmp_path / "one", 1).last == 2  # the one behind it is found again


def test_rebirth_leaves_generation_zero_and_what_is_not_ours(tmp_path):
    kept(tmp_path / "one", 3)
    (tmp_path / "one" / "notes.txt").write_text("mine")
    folder.rebirth(tmp_path / "one")
    assert folder.read(tmp_path / "one").last == 0
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        "generation-000",
        "notes.txt",
        folder.MANIFEST,
    ]


def test_another_run_is_not_mixed_in(tmp_path):
    kept(tmp_path / "one", 0)
    with pytest.raises(CollapseError, match="another settings"):
        folder.begin(tmp_path / "one", RUN | {"settings": {"mode": "fresh"}})


def test_a_neighbour_that_began_alike_lends_its_generation_zero(tmp_path):
    kept(tmp_path / "collapse" / "one", 2)
    folder.begin(tmp_path / "collapse" / "two", RUN | {"settings": {"mode": "fresh"}})
    two = folder.adopt(tmp_path / "collapse" / "two")
    assert (two.last, two.generation(0).made["taken from"]) == (0, "one")
    assert (two.weights(0) / "weights").read_text() == "of 0"


def test_a_neighbour_that_began_otherwise_lends_nothing(tmp_path):
    kept(tmp_path / "collapse" / "one", 2)
    folder.begin(tmp_path / "collapse" / "two", RUN | {"beginning": {"seed": 2}})
    assert folder.adopt(tmp_path / "collapse" / "two").last == -1


def test_all_runs_of_a_state_are_listed_and_foreign_ones_passed_over(tmp_path, caplog):
    kept(tmp_path / "collapse" / "two", 0)
    kept(tmp_path / "collapse" / "one", 1)
    foreign = tmp_path / "collapse" / "later" / folder.MANIFEST
    foreign.parent.mkdir()
    foreign.write_text(json.dumps({"format": 99}))
    assert [run.name for run in folder.runs(tmp_path)] == ["one", "two"]
    assert "another version" in caplog.text


def test_a_folder_without_a_run_is_said(tmp_path):
    with pytest.raises(CollapseError, match="holds no collapse"):
        folder.read(tmp_path)


@pytest.mark.parametrize("name", ["", "..", "a/b", "Über", "-x", "a" * 65])
def test_a_name_cannot_leave_the_state_folder(tmp_path, name):
    with pytest.raises(CollapseError, match="no name"):
        folder.home(tmp_path, name)


def test_where_nothing_can_be_written_it_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="Make room"):
        folder.begin(tmp_path / "file" / "one", RUN)
    with pytest.raises(StorageError, match="Make room"):
        folder.place(tmp_path / "file" / "one", 0)
