"""An evening as a house has it: the program keeps it in mind, streams it, records it, closes and publishes it.

One real performance for all tests that want one that is over: ``evening`` of this folder's ``conftest``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import http.server
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from installation.control import osc
from installation.machine.ring import Ring
from installation.recording import takes
from installation.recording.live import LIST, Live
from installation.recording.takes import Take
from tests.publishing.outside import streamed
from tests.recording.rehearsal import frame
from tests.support import at_work, until
from tests.system.performance import PATIENCE, Performance, performing, scene_file

RING = 10.0  # seconds: the shortest that machine.toml takes
MACHINE = """
[recording]
ring = "{ring:.0f}s"
hls = "{live}"
[catalogue]
title = "An evening"
artist = "Ada"
[web]
enabled = false
"""
PROGRAMME = """
[chores]
export = "closing"
publish = ["site"]
"""


@dataclass(frozen=True)
class Evening:
    """What is left of it. ``newest`` is the frame on the wall when the operator asked to keep the last minutes."""

    state: Path
    live: Path
    said: str
    yesterday: frozenset[str]
    pieces: frozenset[str]
    streamed: dict[str, object]
    newest: int

    @property
    def takes(self) -> list[Take]:
        """The two that were kept, and the one that was recorded; oldest first."""
        return takes.all_takes(self.state)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Any web server, which says nothing."""

    def log_message(self, format: str, *args: object) -> None:  # its own name
        """Nothing."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder on a plain web server; its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    with at_work(server):
        yield f"http://127.0.0.1:{server.server_address[1]}"


def pieces(live: Path) -> frozenset[str]:
    """The pieces that are there."""
    return frozenset(path.name for path in live.glob("*.ts"))


def listed(live: Path) -> list[str]:
    """The pieces that the list names."""
    return [line for line in (live / LIST).read_text().splitlines() if line.endswith(".ts")]


def last_night(live: Path) -> frozenset[str]:
    """A stream that ended with more than a minute in it, and a piece that nobody deleted any more."""
    stream = Live(live, 0)
    for second in range(80):
        stream.add(dataclasses.replace(frame(second + 1), stamp_ns=second * 10**9))
    stream.close()
    return pieces(live)


def held(folder: Path) -> Evening:
    """Hold one in a folder: it takes half a minute."""
    state, live = folder / "state", folder / "live"
    state.mkdir()
    (folder / "machine.toml").write_text(MACHINE.format(ring=RING, live=live))
    (folder / "programme.toml").write_text(PROGRAMME)
    yesterday = last_night(live)
    told = ("--config", str(folder / "machine.toml"), "--programme", str(folder / "programme.toml"))
    scene = scene_file(folder, loop="pace = 0.2\nstages = 1")
    with performing(scene, state, "--fresh", "--window", "160x90", *told) as show, served(live) as address:
        until(lambda: len(list((state / "ring").glob("*"))) == 2, 2 * PATIENCE)  # it has turned
        until(lambda: len(set(listed(live)) - yesterday) >= 2, PATIENCE)
        seen, there = streamed(f"{address}/{LIST}"), pieces(live)
        show.reaches(show.generation() + 2)  # of this turn of the ring
        newest = Ring(show.wires.ring).newest
        tell(show, "/record/keep")
        until(lambda: len(takes.all_takes(state)) == 2, PATIENCE)
        tell(show, "/record/start")
        until(lambda: len(takes.all_takes(state)) == 3, PATIENCE)
        show.reaches(show.generation() + 2)
        tell(show, "/programme/open", "false")
        until(lambda: "Exported" in show.said(), PATIENCE)
        said = show.stop()
    return Evening(state, live, said, yesterday, there, seen, newest)


def tell(show: Performance, address: str, *words: str) -> None:
    """Say something over OSC."""
    osc.send("127.0.0.1", show.port, address, list(words))
