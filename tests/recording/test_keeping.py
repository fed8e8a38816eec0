"""What was kept in mind becomes takes: with what it is rendered from, and never in the place of another."""

import logging

import pytest

from installation.recording.keeping import PATIENCE, Keeping
from installation.recording.takes import CARD, LINEAGE

MARK = "mark"


def put(folder, *, ready=True):
    folder.mkdir(parents=True)
    (folder / MARK).write_text(folder.parent.name)
    (folder / CARD).write_text("{}")
    if ready:
        (folder / LINEAGE.format(0)).write_bytes(b"state")


@pytest.fixture
def kept(tmp_path):
    """Ask for everything in the ring at noon, which is 0; and see what lies among the takes after a look."""
    keeping = Keeping()

    def look(now):
        keeping.look(now)
        return sorted(path.name for path in (tmp_path / "takes").glob("*"))

    keeping.ask(tmp_path / "ring", tmp_path / "takes", 0.0)
    return keeping, look


def test_what_is_kept_becomes_takes_and_never_replaces_one(tmp_path):
    for name in ("ring/a", "ring/b", "takes/a"):
        put(tmp_path / name)
    keeping = Keeping()
    keeping.ask(tmp_path / "ring", tmp_path / "takes", 0.0)
    keeping.look(0.0)
    assert sorted(path.name for path in (tmp_path / "takes").iterdir()) == ["a", "a-2", "b"]
    assert (tmp_path / "takes" / "a" / MARK).read_text() == "takes"
    assert list((tmp_path / "ring").iterdir()) == []


class TestAYoungTurn:
    """The ring has turned only just now, and the engine has not come to it yet."""

    @pytest.fixture(autouse=True)
    def ring(self, tmp_path):
        put(tmp_path / "ring" / "old")
        put(tmp_path / "ring" / "young", ready=False)

    def test_waits_for_its_lineage_and_holds_nothing_else_up(self, tmp_path, kept):
        _, look = kept
        assert look(0.0) == look(1.0) == ["old"]
        (tmp_path / "ring" / "young" / LINEAGE.format(0)).write_bytes(b"state")
        assert look(2.0) == ["old", "young"]
        assert (tmp_path / "takes" / "young" / LINEAGE.format(0)).exists()

    def test_is_kept_as_it_is_when_nothing_comes(self, kept):
        _, look = kept
        assert look(PATIENCE - 1.0) == ["old"]
        assert look(PATIENCE) == ["old", "young"]

    def test_is_not_discarded_while_it_waits(self, tmp_path, kept):
        keeping, look = kept
        young, other = tmp_path / "ring" / "young", tmp_path / "ring" / "other"
        look(0.0)
        assert keeping.without([str(young), str(other)]) == [other]
        look(PATIENCE)
        assert keeping.without([str(young)]) == [young]

    def test_that_is_asked_for_twice_is_not_put_off(self, tmp_path, kept):
        keeping, look = kept
        keeping.ask(tmp_path / "ring", tmp_path / "takes", PATIENCE / 2)
        assert look(PATIENCE) == ["old", "young"]


def test_the_next_turn_is_left_alone_though_its_lineage_is_there_before_it(tmp_path):
    early = tmp_path / "ring" / "next"
    put(early)
    (early / CARD).unlink()
    keeping = Keeping()
    keeping.ask(tmp_path / "ring", tmp_path / "takes", 0.0)
    keeping.look(PATIENCE)
    assert early.exists()
    assert not (tmp_path / "takes").exists()


def test_an_empty_ring_is_said(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    Keeping().ask(tmp_path / "ring", tmp_path / "takes", 0.0)
    assert "the ring was empty" in caplog.text


def test_a_disk_that_refuses_keeps_it_in_the_ring_and_says_so(tmp_path, caplog):
    put(tmp_path / "ring" / "a")
    (tmp_path / "takes").write_text("no folder")
    keeping = Keeping()
    keeping.ask(tmp_path / "ring", tmp_path / "takes", 0.0)
    keeping.look(0.0)
    assert "a is not kept." in caplog.text
    assert (tmp_path / "ring" / "a" / MARK).exists()
