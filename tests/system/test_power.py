"""One lineage through five lives: its conductor is killed, hangs for ever, the power goes, it is stopped in good order.

What systemd does after each of them the tests do: they end what is left, and start the program again.
"""

import contextlib
import json
import os
import signal
import socket
import time

import psutil
import pytest

from installation.loop.checkpoints import NAME
from installation.loop.lineage import from_bytes
from installation.machine import wires
from installation.machine.files import older
from installation.recording import takes
from tests.support import until
from tests.system.performance import PATIENCE, alive, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

MACHINE = """
[stage]
rate = 20
width = 320
height = 180
[engine]
checkpoint_every = 0.5
"""
DOG = 1.5  # seconds that the watchdog is patient


class Piece:
    """One piece on one machine, started again and again; ``ears`` are systemd's."""

    def __init__(self, home, ears, lives):
        self.state, self._home, self.ears, self._lives = home / "state", home, ears, lives
        self.state.mkdir()
        self._scene = scene_file(home)
        (home / "machine.toml").write_text(MACHINE)
        self._systemd = {"NOTIFY_SOCKET": ears.getsockname(), "WATCHDOG_USEC": f"{DOG * 1e6:.0f}"}

    def start(self, *options):
        """Start it, and wait for its first picture."""
        self._earlier = len(takes.all_takes(self.state))
        options = ("--record", "--config", str(self._home / "machine.toml"), *options)
        self.show = self._lives.enter_context(performing(self._scene, self.state, *options, **self._systemd))
        until(lambda: self.show.vital("stage", "frames") > 0, PATIENCE)

    def everybody(self):
        return psutil.Process(self.show.process.pid).children(recursive=True)

    def hangs(self):
        """Stop the conductor for ever, and forget what it has told systemd before."""
        self.show.process.send_signal(signal.SIGSTOP)
        until(lambda: psutil.Process(self.show.process.pid).status() == psutil.STATUS_STOPPED)
        self.ears.settimeout(0.0)
        with contextlib.suppress(BlockingIOError):
            while self.ears.recv(1000):
                pass
        self.ears.settimeout(DOG)

    def cut_off(self):
        """SIGKILL to every process at once."""
        processes = self.everybody()
        os.killpg(self.show.process.pid, signal.SIGKILL)
        self.show.process.wait(10.0)
        until(lambda: not alive(processes), 20.0)

    def kept(self, place=0):
        """The newest checkpoint on the disk, or the last but so many."""
        return from_bytes(older(self.state / NAME, place).read_bytes())

    def goes_on_from(self, lineage):
        """Wait until the first generation of this life is in its take: it must be the one after ``lineage``."""
        first = until(self._first, PATIENCE)
        assert (first["serial"], first["parent"]) == (lineage.serial + 1, lineage.serial)
        until(lambda: self.kept().serial > lineage.serial, PATIENCE)
        assert self.kept().seed == lineage.seed

    def _first(self):
        with contextlib.suppress(OSError, ValueError, IndexError):  # before there is one
            log = (takes.all_takes(self.state)[self._earlier].folder / "log.jsonl").read_text().splitlines()
            return next((line["generation"] for line in map(json.loads, log) if "generation" in line), None)
        return None


@pytest.fixture(scope="module")
def piece(tmp_path_factory):
    """A piece that plays; each test leaves it playing for the next."""
    home = tmp_path_factory.mktemp("power")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ears, contextlib.ExitStack() as lives:
        ears.bind(str(home / "notify"))
        piece = Piece(home, ears, lives)
        piece.start("--fresh")
        yield piece


def test_when_the_conductor_dies_nobody_survives_it_and_the_next_one_sweeps_up(piece, ledger):
    piece.show.reaches(6)
    until(lambda: piece.kept(1).serial > 0, PATIENCE)
    children, dead = piece.everybody(), piece.show.process
    began = time.monotonic()
    dead.kill()
    dead.wait(10.0)
    until(lambda: not alive(children), 20.0)
    (piece.state / NAME).write_bytes(b"half a checkp")
    whole = piece.kept(1)
    piece.start()
    seconds = time.monotonic() - began
    assert not list(wires.memory_folder().glob(f"{wires.PREFIX}{dead.pid}-*"))
    machine = "every other process ends with it, the next start sweeps up"
    ledger.note("The conductor dies", "SIGKILL, and a start", "black until then", machine, seconds)
    piece.goes_on_from(whole)
    said = piece.show.said()
    assert "The checkpoint is damaged" in said
    assert f"going on from generation {whole.serial}." in said
    how, machine = "the newest of three overwritten before that start", "it is set aside, and the one before goes on"
    ledger.note("A checkpoint is damaged on the disk", how, "nothing more", machine)


def test_when_the_conductor_hangs_the_watchdog_starves_and_the_next_one_goes_on(piece, ledger):
    began = time.monotonic()
    piece.hangs()
    with pytest.raises(TimeoutError):
        piece.ears.recv(1000)
    piece.cut_off()
    kept = piece.kept()
    piece.start()
    seconds = time.monotonic() - began
    piece.goes_on_from(kept)
    how = f"SIGSTOP; systemd's part, SIGKILL to all and a start, {DOG:g} s later (30 s in deploy/)"
    audience = "the picture playing on, then black until the start"
    ledger.note("The conductor hangs for ever", how, audience, "its watchdog is not fed; the lineage goes on", seconds)


def test_after_a_power_cut_the_lineage_goes_on_at_its_next_serial_and_the_take_can_be_shown(piece, ledger):
    piece.show.reaches(piece.show.generation() + 5)
    until(lambda: piece.show.vital("recorder", "frames") > 0, PATIENCE)
    began = time.monotonic()
    piece.cut_off()
    kept = piece.kept()
    piece.start()
    seconds = time.monotonic() - began
    piece.goes_on_from(kept)
    cut = takes.all_takes(piece.state)[-2]
    assert cut.status == "cut off"
    assert sum(1 for _ in takes.frames(cut)) == len(takes.marks(cut.folder))
    how, machine = "SIGKILL to all at once, and a start", "same lineage, next serial; the take is whole up to the cut"
    ledger.note("The power is cut", how, "black until then, and while the machine boots", machine, seconds)


def test_a_piece_that_is_stopped_and_started_goes_on_with_its_lineage(piece, ledger):
    piece.show.reaches(piece.show.generation() + 2)
    began = time.monotonic()
    piece.show.stop()
    assert piece.show.process.returncode == 0
    kept = piece.kept()
    piece.start()
    seconds = time.monotonic() - began
    piece.goes_on_from(kept)
    machine = "same lineage, next serial"
    ledger.note("The piece is stopped and started", "SIGTERM, and a start", "black meanwhile", machine, seconds)
