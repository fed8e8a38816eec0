"""A real performance for tests: the program as a user starts it, watched from outside through wires and take."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
from PIL import Image

from installation.machine import wires
from installation.machine.board import Board
from installation.machine.files import share
from tests.support import until

ORIGINS = ("cat.png", "astronaut.png", "jaguars.webp", "owl.webp")
SMALL = "480x270"  # of a window in software, two cores draw a large one and little else
PATIENCE = 90.0  # seconds: two cores, shared, importing torch


class Performance:
    """One running program. Everything is read from outside: boards, logs and processes."""

    def __init__(self, process: subprocess.Popen[bytes], said: Path, port: int) -> None:
        self.process, self._said, self.port = process, said, port

    @property
    def wires(self) -> wires.Wires:
        """Where its wires are."""
        (folder,) = wires.memory_folder().glob(f"{wires.PREFIX}{self.process.pid}-*")
        return wires.Wires(folder)

    def vital(self, process: str, name: str) -> float:
        """One vital sign now; 0 before the process has a board."""
        with contextlib.suppress(ValueError, OSError):
            board = Board(self.wires.vitals(process))
            try:
                return board[name]
            finally:
                board.close()
        return 0.0

    def knob(self, address: str) -> float:
        """What the board says of a knob."""
        board = Board(self.wires.board)
        try:
            return board[address]
        finally:
            board.close()

    def generation(self) -> int:
        """The newest generation's serial."""
        return int(self.vital("engine", "serial"))

    def reaches(self, serial: int) -> None:
        """Wait until a generation is there."""
        until(lambda: self.generation() >= serial or self._ended(), PATIENCE)
        assert self.generation() >= serial, self.said()

    def pid(self, entry: str) -> int:
        """The process of this name: of those that look at its vital signs, the one that looks at the fewest others'."""
        lookers = [(len(boards), pid) for pid, boards in self._boards() if f"vitals-{entry}" in boards]
        if not lookers:
            raise AssertionError(f"no process named {entry}")
        return min(lookers)[1]

    def _boards(self) -> Iterator[tuple[int, set[str]]]:
        """Every child with the boards of vital signs that it has mapped."""
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):
                names = {Path(mapped.path).name for mapped in child.memory_maps()}
                yield int(child.pid), {name for name in names if name.startswith("vitals-")}

    def stop(self, number: int = signal.SIGTERM) -> str:
        """End it with a signal and return what it said."""
        self.process.send_signal(number)
        return self.ends(within=15.0)

    def ends(self, within: float) -> str:
        """Wait until it has ended by itself, and return what it said."""
        self.process.wait(within)
        return self.said()

    def said(self) -> str:
        """Everything it has said so far."""
        return self._said.read_text()

    def web(self) -> str:
        """Where the web is, as soon as it is said."""
        return str(until(lambda: re.search(r"http://[^ ]+/", self.said()), PATIENCE)[0])

    def _ended(self) -> bool:
        return self.process.poll() is not None


def scene_file(folder: Path, name: str = "little", restorer: str = "archive", **tables: str) -> Path:
    """A scene that loads in a moment: 64 pixels, an archive of four photographs."""
    archive = folder / "archive"
    archive.mkdir(exist_ok=True)
    for origin in ORIGINS:
        with Image.open(share("assets") / "origins" / origin) as picture:
            picture.convert("RGB").resize((64, 64)).save(archive / f"{Path(origin).stem}.png")
    lines = [
        f'title = "{name}"',
        'origin = "cat"',
        f'restorer = "{restorer}"',
        f'model = "{archive}"' if restorer == "archive" else "",
        "size = 64",
        "[burn.gaussian]",
        tables.get("gaussian", "temperature = 0.4"),
        "[loop]",
        tables.get("loop", "pace = 0.05\nstages = 1"),
    ]
    path = folder / f"{name}.toml"
    path.write_text("\n".join(lines))
    return path


@contextlib.contextmanager
def performing(scene: Path | str, state: Path, *options: str, **environ: str) -> Iterator[Performance]:
    """The program in a process group of its own, running until the test is done with it.

    Its window is small, unless a machine.toml says how large. ``environ``: what its environment has besides ours.
    """
    port = free_port()
    ports = ["--osc-port", str(port), "--web-port", "0"]
    options = options if "--config" in options else ("--window", SMALL, *options)
    command = [sys.executable, "-m", "installation", "run", str(scene), "--state", str(state), *ports]
    said = state.with_suffix(".said")
    with said.open("w") as voice:
        process = subprocess.Popen(
            [*command, *options],
            stdout=voice,
            stderr=voice,
            cwd=state.parent,
            env={**os.environ, "COLUMNS": "400", **environ},
            process_group=0,
        )
    try:
        yield Performance(process, said, port)
    except BaseException as error:
        error.add_note(said.read_text())
        raise
    finally:
        process.kill()
        process.wait(10.0)


def alive(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a zombie has ended and waits for its parent, which may be init."""
    running = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            running += [process] if process.status() != psutil.STATUS_ZOMBIE else []
    return running


def free_port() -> int:
    """A UDP port nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def log_of(state: Path) -> list[dict[str, object]]:
    """The log of the only take."""
    (take,) = (state / "takes").iterdir()
    return [json.loads(line) for line in (take / "log.jsonl").read_text().splitlines()]


def digests(state: Path) -> dict[int, str]:
    """The generations of the only take: serial to digest."""
    generations = [line["generation"] for line in log_of(state) if "generation" in line]
    return {generation["serial"]: generation["digest"] for generation in generations}  # type: ignore[index]
