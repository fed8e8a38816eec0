"""The caretaker opens the building, and does its chores at night."""

import gzip
import os
import socket
import stat
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from installation.caretaker import AFTER_CLOSING, EXPORTED, LATE_RESTART, LOG, Caretaker, Export, orders, rotate
from installation.machine.settings import Settings
from installation.programme.chores import Chores
from installation.programme.hours import Programme
from installation.recording import takes
from installation.records import Message
from tests.support import until

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ALL = Chores(restart=300, export=310, rotate=0, tidy=360, collapse=120, takes_bytes=10**9)


def settings(tmp_path, **projector):
    """A machine whose projector is a script that writes down what it is told."""
    script = tmp_path / "dpms"
    script.write_text(f"#!/bin/sh\necho $1 >> {tmp_path}/said\n")
    script.chmod(0o755)
    words = {"kind": "display", "on": [str(script), "on"], "off": [str(script), "off"], **projector}
    return Settings.model_validate({"state": tmp_path, "projector": words})


def plan(chores=ALL):
    return Programme(ZoneInfo("Europe/Berlin"), chores=chores)


def said(tmp_path):
    return (tmp_path / "said").read_text().split() if (tmp_path / "said").exists() else []


def test_without_a_programme_the_projector_goes_on_at_once(tmp_path):
    with Caretaker(settings(tmp_path), None):
        until(lambda: said(tmp_path) == ["on"])


def test_with_a_programme_it_waits_for_the_doors(tmp_path):
    with Caretaker(settings(tmp_path), plan()) as caretaker:
        caretaker.doors(is_open=False)
        until(lambda: said(tmp_path) == ["off"])


class Piece(NamedTuple):
    """How a piece is."""

    state: str
    scene: str
    serial: int
    stage_fps: float


def test_it_says_to_systemd_what_the_stage_shows(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setitem(os.environ, "NOTIFY_SOCKET", str(tmp_path / "notify"))
        with Caretaker(settings(tmp_path, kind="none"), plan()) as caretaker:
            caretaker.look(0.0, 1.0, lambda: Piece("playing", "hearth", 7, 59.9))
        assert [systemd.recv(100) for _ in range(3)] == [
            b"READY=1",
            b"STATUS=playing: hearth, generation 7, stage 60 fps",
            b"STOPPING=1",
        ]


def test_only_the_chores_that_were_said_are_done(tmp_path):
    assert Caretaker(settings(tmp_path), plan(Chores(tidy=360))).chores(print).keys() == {"tidy"}
    assert Caretaker(settings(tmp_path), plan(Chores())).chores(print) == {}
    assert Caretaker(settings(tmp_path), None).chores(print) == {}


def test_a_restart_is_a_message_and_may_not_be_late(tmp_path):
    posted: list[Message] = []
    chore = Caretaker(settings(tmp_path), plan()).chores(posted.append)["restart"]
    chore.do()
    assert [(message.address, message.source) for message in posted] == [("/engine/restart", "programme")]
    assert (chore.at, chore.grace) == (300, LATE_RESTART)


def test_the_collapse_of_the_night_is_a_message_and_may_be_late(tmp_path):
    posted: list[Message] = []
    chore = Caretaker(settings(tmp_path), plan()).chores(posted.append)["collapse"]
    chore.do()
    assert [(message.address, message.source) for message in posted] == [("/collapse/start", "programme")]
    assert (chore.at, chore.grace) == (120, None)


def test_what_is_published_is_what_the_programme_says_and_the_catalogue_comes_last(tmp_path):
    take = tmp_path / "a take"
    assert orders(take, ()) == [["publish", str(take)]]
    assert orders(take, ("site", "gif", "bag", "h264")) == [
        ["publish", str(take), "--form", "gif,h264"],
        ["publish", "bag", str(take)],
        ["publish", "site"],
    ]
    assert orders(take, ("site",)) == [["publish", "site"]]


def test_every_chore_can_be_done_on_an_empty_state(tmp_path):
    for chore in Caretaker(settings(tmp_path), plan()).chores(lambda _: None).values():
        chore.do()


def finished(state, name):
    folder = state / takes.FOLDER / name
    folder.mkdir(parents=True)
    take = takes.begun(folder, {"title": "t", "scene": "hearth", "seed": 1}, "cat", NOON, 0)
    (folder / takes.CARD).write_text(replace(take, ended=NOON + timedelta(hours=1)).card())
    return folder


@pytest.fixture
def publisher(tmp_path, monkeypatch):
    """A Python that writes down how it was called; ``sleep`` is how long it takes."""

    def make(body="true"):
        script = tmp_path / "python"
        script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/called\n{body}\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "executable", str(script))

    return make


def called(tmp_path):
    return (tmp_path / "called").read_text().splitlines() if (tmp_path / "called").exists() else []


def test_the_last_finished_take_is_exported_once(tmp_path, publisher):
    finished(tmp_path, "2026-11-22T10-00-00-hearth")
    last = finished(tmp_path, "2026-11-23T10-00-00-hearth")
    publisher(f"touch {last}/{last.name}.mp4")
    export = Export(tmp_path)
    export.run()
    export.run()
    assert called(tmp_path) == [f"-m installation publish {last} --state {tmp_path}"]


def test_an_export_that_fails_says_what_to_do(tmp_path, publisher, caplog):
    finished(tmp_path, "2026-11-23T10-00-00-hearth")
    publisher("exit 2")
    Export(tmp_path).run()
    assert "was not exported (exit code 2). Try: burntout publish last" in caplog.text


def test_an_export_that_takes_for_ever_is_given_up(tmp_path, publisher, caplog):
    finished(tmp_path, "2026-11-23T10-00-00-hearth")
    publisher("exec sleep 100")
    Export(tmp_path, patience=0.1).run()
    assert "was not exported" in caplog.text


def test_closing_ends_an_export(tmp_path, publisher):
    finished(tmp_path, "2026-11-23T10-00-00-hearth")
    publisher("exec sleep 100")
    export = Export(tmp_path)
    export.close()
    export.run()
    assert called(tmp_path) == []


def test_the_catalogue_of_the_night_bears_the_houses_imprint(tmp_path, publisher):
    last = finished(tmp_path, "2026-11-23T10-00-00-hearth")
    publisher()
    Export(tmp_path, what=("site",), config=tmp_path / "machine.toml").run()
    assert called(tmp_path) == [f"-m installation publish site --state {tmp_path} --config {tmp_path}/machine.toml"]
    assert (last / EXPORTED).exists()


def test_two_exports_are_never_under_way_at_once(tmp_path, publisher):
    finished(tmp_path, "2026-11-23T10-00-00-hearth")
    publisher(f"until [ -e {tmp_path}/go ]; do sleep 0.01; done")
    export = Export(tmp_path)
    first = threading.Thread(target=export.run)
    first.start()
    until(lambda: called(tmp_path))
    export.run()
    (tmp_path / "go").touch()
    first.join(20.0)
    assert len(called(tmp_path)) == 1


def test_whoever_closes_waits_until_nobody_publishes_any_more(tmp_path, publisher):
    finished(tmp_path, "2026-11-23T10-00-00-hearth")
    publisher("exec sleep 100")
    export = Export(tmp_path)
    publishing = threading.Thread(target=export.run)
    publishing.start()
    until(lambda: called(tmp_path))
    export.close()
    publishing.join(20.0)
    assert not publishing.is_alive()


AT_CLOSING = Chores(closing=True, publish=("site",))


def closing(tmp_path, doors=(True, False), chores=AT_CLOSING):
    """What was called when the doors have been opened (True) or closed, and ten seconds have passed."""
    finished(tmp_path, "2026-11-23T10-00-00-hearth")
    with Caretaker(settings(tmp_path, kind="none"), plan(chores)) as caretaker:
        for is_open in doors:
            caretaker.doors(is_open=is_open)
        caretaker.look(time.monotonic() + 2 * AFTER_CLOSING, 1.0, lambda: Piece("closed", "hearth", 7, 60.0))
        until(lambda: called(tmp_path) or not any(each.name == "export" for each in threading.enumerate()), 60.0)
    return called(tmp_path)


def test_after_a_closing_the_take_is_published(tmp_path, publisher):
    publisher()
    assert closing(tmp_path) == [f"-m installation publish site --state {tmp_path}"]


@pytest.mark.parametrize("doors", [(False,), (False, True), (True,)])
def test_only_a_closing_publishes(tmp_path, publisher, doors):
    publisher()
    assert closing(tmp_path, doors) == []


def test_a_closing_publishes_nothing_where_the_programme_says_a_time(tmp_path, publisher):
    publisher()
    assert closing(tmp_path, chores=ALL) == []


def test_a_take_is_published_a_moment_after_the_closing(tmp_path, publisher):
    publisher()
    finished(tmp_path, "2026-11-23T10-00-00-hearth")
    with Caretaker(settings(tmp_path, kind="none"), plan(AT_CLOSING)) as caretaker:
        caretaker.doors(is_open=True)
        caretaker.doors(is_open=False)
        caretaker.look(time.monotonic(), 1.0, lambda: Piece("closed", "hearth", 7, 60.0))
        assert not any(each.name == "export" for each in threading.enumerate())


def test_the_log_is_put_away_packed_and_old_ones_go(tmp_path):
    for day, size in ((1, 1), (20, 2)):
        (tmp_path / f"burntout-2026-11-{day:02}.log.gz").write_bytes(b"x" * size)
    (tmp_path / LOG).write_text("what happened today\n")
    (tmp_path / "notes.log").write_text("not ours")
    rotate(tmp_path, NOON, 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "burntout-2026-11-20.log.gz",
        "burntout-2026-11-23.log.gz",
        "notes.log",
    ]
    assert gzip.decompress((tmp_path / "burntout-2026-11-23.log.gz").read_bytes()) == b"what happened today\n"


def test_the_same_night_is_put_away_once(tmp_path):
    for line in ("first", "second"):
        (tmp_path / LOG).write_text(line)
        rotate(tmp_path, NOON, 10)
    assert gzip.decompress((tmp_path / "burntout-2026-11-23.log.gz").read_bytes()) == b"first"
    assert (tmp_path / LOG).read_text() == "second"
