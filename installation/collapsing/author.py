"""The process that writes the words on the wall: a generation, a pause in which it can be read, the next."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from installation.collapse import text
from installation.collapse.knobs import Words
from installation.collapse.readings import OF_WORDS
from installation.collapse.wall import Author
from installation.knobs import read
from installation.machine.board import Board
from installation.machine.child import PULSE, Phase, Vitals, living
from installation.machine.files import share

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from installation.machine.wires import Uplink, Wires

NAME = "author"
AUTHOR_VITALS: Mapping[str, float] = {**PULSE, "generation": math.nan, **dict.fromkeys(OF_WORDS, math.nan)}
BOOK = "moby-dick.txt"
NICENESS = 15  # the engine has 10: the picture comes first
PATIENCE = 60.0  # seconds: a generation takes one or two, on a machine that is busy with the show
GLANCE = 0.5  # seconds between two looks at the orders while the words are read


def run(wires: Wires, pipe: Connection, seed: int) -> None:
    """The life of the process, until the order to quit."""
    with living(NAME, pipe) as uplink:
        os.nice(NICENESS)
        vitals, board = Vitals(wires, NAME), Board(wires.board)
        vitals.beat(Phase.LOADING)
        author = Author(text.load(share("assets") / "texts" / BOOK), seed)
        while True:
            written = author.write(read(Words, board.read()))
            vitals.beat(Phase.RUNNING, generation=float(written.serial), **written.readings)
            uplink.report("columns", columns=author.columns())
            if not read_by_all(uplink, vitals.beat, board):
                return


def read_by_all(uplink: Uplink, beat: Callable[[], None], board: Board) -> bool:
    """Leave the words on the wall for as long as the knob says; False when it is time to leave."""
    began = time.monotonic()
    while time.monotonic() < began + read(Words, board.read()).pace:
        order = uplink.order(GLANCE)
        if order is not None and order.name == "quit":
            return False
        beat()
    return True
