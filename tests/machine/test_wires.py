"""The wires: nobody is held up by a process that does not listen, and nothing is left lying about."""

import contextlib
import logging
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from installation.machine.wires import OUTBOX, PREFIX, Outbox, PipeHandler, Uplink, Wires, lay, sweep, take_up
from installation.records import Order, Report
from tests.support import until


@pytest.fixture
def pipe():
    """Both ends of a pipe, closed at the end."""
    ours, theirs = multiprocessing.Pipe()
    yield ours, theirs
    for end in (ours, theirs):
        with contextlib.suppress(OSError):
            end.close()


def dead_pid():
    """The number of a process that has just ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(60)
    return process.pid


# ------------------------------------------------------------------ the folder


def test_wires_are_laid_in_a_folder_of_their_own(tmp_path):
    ours, theirs = lay(tmp_path), lay(tmp_path)
    assert ours.folder.is_dir()
    assert ours.folder != theirs.folder


def test_only_this_user_may_look_into_the_wires(tmp_path):
    assert lay(tmp_path).folder.stat().st_mode & 0o077 == 0


def test_every_process_has_its_own_board():
    wires = Wires(Path("folder"))
    paths = {wires.ring, wires.board, wires.vitals("engine"), wires.vitals("stage")}
    assert len(paths) == 4


def test_taken_up_nothing_is_left(tmp_path):
    wires = lay(tmp_path)
    wires.ring.write_bytes(b"frames")
    take_up(wires)
    take_up(wires)  # twice is no matter
    assert list(tmp_path.iterdir()) == []


def test_laying_sweeps_what_a_killed_conductor_left_behind_and_nothing_else(tmp_path):
    remains = tmp_path / f"{PREFIX}{dead_pid()}-abc"
    others = [f"{PREFIX}{os.getpid()}-abc", f"{PREFIX}notes-abc", "somebody-1-else", f"{PREFIX}1"]
    for name in (remains.name, *others):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ring").touch()
    wires = lay(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*others, wires.folder.name}


def test_sweeping_an_empty_house_is_no_matter(tmp_path):
    sweep(tmp_path / "not there")


def test_without_being_told_where_they_are_laid_in_memory():
    wires = lay()
    try:
        assert wires.folder.parent.is_dir()
        assert wires.folder.name.startswith(f"{PREFIX}{os.getpid()}-")
    finally:
        take_up(wires)


# ------------------------------------------------------------------ orders down


def test_orders_arrive_in_the_order_they_were_posted(pipe):
    ours, theirs = pipe
    outbox, uplink = Outbox(ours, "test"), Uplink(theirs)
    for number in range(100):
        outbox.post(Order("go", {"number": number}))
    received = [uplink.order(patience=10.0) for _ in range(100)]
    assert [order.data["number"] for order in received if order] == list(range(100))
    outbox.close()


def test_posting_never_waits_for_a_process_that_does_not_read(pipe):
    ours, theirs = pipe
    outbox = Outbox(ours, "test")
    for _ in range(3 * OUTBOX):
        outbox.post(Order("go", {"weight": b"x" * 1000}))
    assert outbox.dropped > 0
    theirs.close()  # the process dies
    outbox.close()
    assert not outbox._thread.is_alive()


def test_a_process_that_is_gone_costs_its_orders_and_nothing_else(pipe):
    ours, theirs = pipe
    outbox = Outbox(ours, "test")
    theirs.close()
    outbox.post(Order("go"))
    outbox.close()
    assert not outbox._thread.is_alive()


def test_without_orders_there_is_none(pipe):
    assert Uplink(pipe[1]).order() is None


def test_what_is_no_order_is_not_obeyed(pipe):
    pipe[0].send("rm -rf")
    assert Uplink(pipe[1]).order(patience=10.0) is None


def test_a_conductor_that_is_gone_ends_the_process(pipe):
    pipe[0].close()
    with pytest.raises(EOFError):
        Uplink(pipe[1]).order(patience=10.0)


# ------------------------------------------------------------------ reports up


def test_reports_come_up_whole_from_any_thread(pipe):
    ours, theirs = pipe
    uplink = Uplink(theirs)

    def chatter(who):
        for number in range(50):
            uplink.report("said", who=who, number=number, weight=b"x" * 500)

    threads = [threading.Thread(target=chatter, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    heard = [ours.recv() for _ in range(200) if until(ours.poll)]
    for thread in threads:
        thread.join(10)
    assert all(isinstance(report, Report) for report in heard)
    for who in range(4):
        assert [report.data["number"] for report in heard if report.data["who"] == who] == list(range(50))


def test_reporting_to_nobody_is_no_reason_to_fall_over(pipe):
    pipe[0].close()
    Uplink(pipe[1]).report("ready")


def test_log_lines_are_spoken_by_the_conductor(pipe):
    ours, theirs = pipe
    logger, handler = logging.getLogger("tests.wires"), PipeHandler(Uplink(theirs))
    logger.addHandler(handler)
    try:
        logger.warning("Engine silent for %.0f s.", 20.0)
    finally:
        logger.removeHandler(handler)
    report = ours.recv() if until(ours.poll) else None
    told = {"level": logging.WARNING, "name": "tests.wires", "text": "Engine silent for 20 s."}
    assert report == Report("log", told)
