"""Checkpoints: every generation in memory, every few seconds on the disk; a full disk stops nothing."""

import itertools
import logging
import threading
from pathlib import Path

import pytest

from installation.loop.checkpoints import ASIDE, NAME, SLOW, Checkpoints, Copy, Stand, stand
from installation.loop.lineage import Lineage, from_bytes, to_bytes
from installation.machine.files import older
from installation.machine.scribe import Scribe


@pytest.fixture
def lineage(photograph):
    begun = Lineage.begin("hearth", 5, photograph)
    begun.next()
    begun.accept(photograph * 0.9)
    return begun


@pytest.fixture
def places(tmp_path):
    memory, disk = tmp_path / "memory", tmp_path / "disk"
    memory.mkdir()
    return memory, disk


def advance(lineage):
    lineage.next()
    lineage.accept(lineage.present * 0.99)


def on(folder):
    return from_bytes((folder / NAME).read_bytes()).serial


def test_without_a_checkpoint_there_is_nothing_to_go_on_with(places):
    assert Checkpoints(places[0], places[1], every=10.0).recall("hearth", 64) is None


def test_every_generation_is_kept_in_memory_and_some_on_the_disk(places, lineage):
    checkpoints = Checkpoints(places[0], places[1], every=10.0)
    kept = []
    for now in (100.0, 105.0, 109.9, 110.0, 111.0):
        checkpoints.keep(lineage, now)
        kept.append((on(places[0]), on(places[1])))
        advance(lineage)
    assert kept == [(1, 1), (2, 1), (3, 1), (4, 4), (5, 4)]


def test_after_the_engines_death_the_newest_generation_goes_on(places, lineage):
    checkpoints = Checkpoints(places[0], places[1], every=10.0)
    checkpoints.keep(lineage, 100.0)
    advance(lineage)
    checkpoints.keep(lineage, 101.0)
    recalled = Checkpoints(places[0], places[1], every=10.0).recall("hearth", 64)
    assert recalled
    assert (recalled.serial, recalled.digest()) == (2, lineage.digest())


def test_after_a_power_cut_the_disks_copy_goes_on(places, lineage, tmp_path):
    Checkpoints(places[0], places[1], every=10.0).keep(lineage, 100.0)
    (tmp_path / "new memory").mkdir()
    recalled = Checkpoints(tmp_path / "new memory", places[1], every=10.0).recall("hearth", 64)
    assert recalled
    assert recalled.digest() == lineage.digest()


def test_a_damaged_copy_is_said_and_the_other_one_goes_on(places, lineage, caplog):
    Checkpoints(places[0], places[1], every=10.0).keep(lineage, 100.0)
    (places[0] / NAME).write_bytes(b"half a checkp")
    assert Checkpoints(places[0], places[1], every=10.0).recall("hearth", 64)
    assert "The checkpoint is damaged" in caplog.text
    assert "Another copy of the checkpoint is whole: going on from generation 1." in caplog.text


def test_where_no_copy_is_whole_the_piece_begins_again_and_says_so(places, lineage, caplog):
    Checkpoints(places[0], places[1], every=10.0).keep(lineage, 100.0)
    for place in places:
        (place / NAME).write_bytes(b"half a checkp")
    assert Checkpoints(places[0], places[1], every=10.0).recall("hearth", 64) is None
    assert "No copy of the checkpoint is whole; the piece begins again from its origin." in caplog.text


def test_a_piece_that_never_played_has_nothing_to_say_of_checkpoints(places, caplog):
    Checkpoints(places[0], places[1], every=10.0).recall("hearth", 64)
    assert caplog.text == ""


def test_a_lineage_goes_on_at_any_of_the_sizes_that_are_asked_for(places, lineage):
    checkpoints = Checkpoints(places[0], places[1], every=10.0)
    checkpoints.keep(lineage, 100.0)
    assert checkpoints.recall("hearth", 128, 64)


@pytest.mark.parametrize(("scene", "size"), [("leopard", 64), ("hearth", 128)])
def test_another_scenes_or_sizes_lineage_is_not_continued(places, lineage, scene, size):
    checkpoints = Checkpoints(places[0], places[1], every=10.0)
    checkpoints.keep(lineage, 100.0)
    assert checkpoints.recall(scene, size) is None


def test_leaving_writes_the_newest_to_the_disk(places, lineage):
    checkpoints = Checkpoints(places[0], places[1], every=10.0)
    checkpoints.keep(lineage, 100.0)
    advance(lineage)
    checkpoints.keep(lineage, 101.0)
    checkpoints.flush()
    assert on(places[1]) == 2


def test_leaving_before_the_first_generation_writes_nothing(places):
    Checkpoints(places[0], places[1], every=10.0).flush()
    assert not places[1].exists()


def test_a_take_gets_its_own_copy(places, lineage, tmp_path):
    checkpoints = Checkpoints(places[0], places[1], every=10.0)
    checkpoints.keep(lineage, 100.0)
    checkpoints.copy_to(tmp_path / "take" / "lineage.safetensors")
    assert from_bytes((tmp_path / "take" / "lineage.safetensors").read_bytes()).digest() == lineage.digest()


def test_a_disk_that_takes_nothing_is_said_once_and_the_show_goes_on(places, lineage, caplog):
    places[1].write_text("a file where the folder should be")
    checkpoints = Checkpoints(places[0], places[1], every=1.0)
    with caplog.at_level(logging.ERROR):
        for now in (1.0, 2.0, 3.0):
            checkpoints.keep(lineage, now)
            advance(lineage)
    assert caplog.text.count("No checkpoint") == 1
    assert on(places[0]) == 3


def test_when_there_is_room_again_checkpoints_go_on_and_the_next_trouble_is_said_anew(places, lineage, caplog):
    checkpoints = Checkpoints(places[0], places[1], every=1.0)
    places[1].write_text("full")
    checkpoints.keep(lineage, 1.0)
    places[1].unlink()
    checkpoints.keep(lineage, 2.0)
    assert on(places[1]) == 1
    (places[1] / NAME).unlink()
    places[1].rmdir()
    places[1].write_text("full")
    checkpoints.keep(lineage, 3.0)
    assert caplog.text.count("No checkpoint") == 2


@pytest.fixture
def three(places, lineage):
    """A disk on which five generations were kept, one by one, and nothing in memory any more."""
    checkpoints = Checkpoints(places[0], places[1], every=1.0)
    for now in range(1, 6):
        checkpoints.keep(lineage, float(now))
        advance(lineage)
    (places[0] / NAME).unlink()
    return places[1] / NAME


def test_the_last_three_are_kept_on_the_disk(three):
    assert [from_bytes(older(three, place).read_bytes()).serial for place in range(3)] == [5, 4, 3]
    assert not older(three, 3).exists()


def test_where_the_newest_are_damaged_the_one_before_goes_on(three, places, caplog):
    three.write_bytes(b"half a checkp")
    older(three, 1).write_bytes(b"")
    recalled = Checkpoints(places[0], places[1], every=1.0).recall("hearth", 64)
    assert recalled
    assert recalled.serial == 3
    assert caplog.text.count("The checkpoint is damaged") == 2


def test_what_was_refused_is_kept_where_nothing_writes_over_it(three, places, caplog):
    three.write_bytes(b"half a checkp")
    Checkpoints(places[0], places[1], every=1.0).recall("hearth", 64)
    assert (three.parent / ASIDE).read_bytes() == b"half a checkp"
    assert ASIDE in caplog.text


def test_one_generation_is_written_to_the_disk_once(places, lineage):
    checkpoints = Checkpoints(places[0], places[1], every=1.0)
    checkpoints.keep(lineage, 1.0)
    checkpoints.flush()
    assert not older(places[1] / NAME, 1).exists()


def test_nobody_waits_for_a_disk_that_hangs_and_when_it_goes_on_the_newest_is_written(places, lineage):
    scribe, hangs, disk = Scribe(), threading.Event(), threading.Event()

    def hang():
        hangs.set()
        disk.wait(60.0)

    scribe.ask(hang)
    assert hangs.wait(10.0)
    checkpoints = Checkpoints(places[0], places[1], 1.0, scribe)
    for now in (1.0, 2.0, 3.0):
        checkpoints.keep(lineage, now)
        advance(lineage)
    assert on(places[0]) == 3
    assert not places[1].exists()
    disk.set()
    assert scribe.finish(10.0)
    assert on(places[1]) == 3


def test_a_scribe_brings_the_newest_to_the_disk_before_an_orderly_end(places, lineage):
    checkpoints = Checkpoints(places[0], places[1], 1.0, Scribe())
    for now in (1.0, 1.5):
        checkpoints.keep(lineage, now)
        advance(lineage)
    checkpoints.flush()
    assert on(places[1]) == 2


def test_a_slow_disk_is_said_once_until_it_is_quick_again(tmp_path, caplog):
    moments = itertools.chain.from_iterable([(0.0, SLOW), (0.0, SLOW), (0.0, SLOW - 1.0), (0.0, SLOW)])
    copy = Copy(tmp_path / NAME, Path.write_bytes, lambda: next(moments))
    for data in (b"1", b"2", b"3", b"4"):
        copy.put(data)
    assert caplog.text.count("The disk is slow: a checkpoint took 5 s") == 2


def test_what_a_checkpoint_is_about_stands_in_its_first_lines(lineage):
    assert stand(to_bytes(lineage)) == Stand("hearth", 5, 1)


@pytest.mark.parametrize("data", [b"", b"\x02\0\0\0\0\0\0\0{}", b"\xff" * 100])
def test_what_is_no_checkpoint_stands_nowhere(data):
    assert stand(data) is None


def test_another_machine_goes_on_from_the_freshest_copy_that_is_whole(places, lineage, tmp_path):
    checkpoints = Checkpoints(places[0], places[1], 0.0)
    checkpoints.keep(lineage, 0.0)
    advance(lineage)
    checkpoints.put(to_bytes(lineage), 1.0)
    (places[0] / NAME).write_bytes(b"torn")
    elsewhere = Checkpoints(tmp_path / "there", tmp_path / "state", 1.0)
    elsewhere.lay(checkpoints.copies())
    found = elsewhere.recall("hearth", lineage.present.shape[-1])
    assert found is not None
    assert found.serial == 2


def test_where_nothing_was_kept_there_are_no_copies(places):
    assert Checkpoints(places[0], places[1], 1.0).copies() == ()
