"""A stage process with everything it is wired to, as the conductor would start it."""

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np

from installation.machine.board import Board
from installation.machine.ring import Ring
from installation.machine.settings import Settings, StageSettings
from installation.machine.wires import Wires, lay, take_up
from installation.records import Report
from installation.stage.gaps import COUNTS
from installation.stage.panel import STAGE_VITALS
from installation.stage.process import PREVIEW, run
from tests.support import until

KNOBS = {
    "/stage/brightness": 1.0,
    "/stage/dissolve": 0.1,
    "/stage/burn-on": 0.7,
    "/stage/patience": 60.0,
    "/stage/black": 0.0,
    "/stage/hold": 0.0,
    "/stage/show": 0.0,
    "/stage/overlays": 1.0,
    "/stage/pattern": 0.0,
    "/stage/smoulder": 0.0,
    "/stage/smoulder-amount": 0.2,
    "/programme/open": 1.0,
}


class Performance:
    """A stage process and everything it is wired to."""

    def __init__(self, state: Path, origin: Path | None = None, **stage: Any) -> None:
        self.wires: Wires = lay(state)
        self.ring = Ring.create(self.wires.ring, 64 * 64)
        self.board = Board.create(self.wires.board, KNOBS)
        self.vitals = Board.create(self.wires.vitals("stage"), STAGE_VITALS)
        Board.create(self.wires.gaps, COUNTS).close()
        self.reports: list[Report] = []
        self.preview = state / PREVIEW
        self.settings = Settings(state=state, stage=StageSettings(**{"width": 320, "height": 180, **stage}))
        self.begin(origin)

    def begin(self, origin: Path | None) -> None:
        """A life of the process, the first or another."""
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=run, args=(self.wires, theirs, self.settings, origin))
        self.process.start()
        theirs.close()

    def heard(self, name):
        """The first report of this name so far, or None."""
        while self.pipe.poll(0):
            self.reports.append(self.pipe.recv())
        return next((report for report in self.reports if report.name == name), None)

    def logged(self, words):
        """Whether a line with these words has been logged so far."""
        self.heard("log")
        return any(words in report.data["text"] for report in self.reports if report.name == "log")

    def show(self, level, phase="restore"):
        pixels = np.full((64, 64, 3), level, np.uint8)
        return self.ring.write(pixels, stamp_ns=0, generation=1, phase=phase, temperature=0.5)

    def light(self, low, high):
        """Wait until the wall's light lies in this range."""
        return until(lambda: low <= self.vitals["light"] <= high, within=20)

    def end(self):
        self.pipe.close()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join(10)
        take_up(self.wires)
