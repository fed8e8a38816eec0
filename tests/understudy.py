"""A program that stands in for the real one where that is only watched: it lays wires and has an engine that may die.

As ``python understudy.py run SCENE …``; with ``hoard`` before that it leaks with every tick, and then falls dead.
"""

import os
import signal
import subprocess
import sys
import threading

from installation.machine import wires
from installation.machine.board import Board
from installation.machine.child import PULSE, Phase
from installation.stage.gaps import COUNTS
from installation.stage.panel import STAGE_VITALS

TICK = 0.01  # seconds
BYTES = 200_000  # hoarded a tick
LIFE = 200  # ticks of a hoarder


def engine(board, serial):
    """A process that does nothing until its standard input is closed; its vital signs say more than that."""
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    board.write({"pid": float(process.pid), "phase": float(Phase.RUNNING), "serial": float(serial)})
    return process


def hoard(hoarded, tick, never):
    """Keep some memory, a file and a thread."""
    hoarded += (os.urandom(BYTES), os.open(os.devnull, os.O_RDONLY))
    threading.Thread(target=never.wait, daemon=True).start()
    if tick > LIFE:
        os._exit(1)  # at once, as if it had been killed


def main():
    hoarded: list[object] = []
    leaving, laid, never, tick = threading.Event(), wires.lay(), threading.Event(), 0
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    Board.create(laid.gaps, COUNTS).close()
    Board.create(laid.vitals("stage"), STAGE_VITALS).write({"frames": 1.0})
    board = Board.create(laid.vitals("engine"), {**PULSE, "serial": 0.0})
    playing = engine(board, 1)
    while not leaving.wait(TICK):
        tick += 1
        if playing.poll() is not None:
            playing = engine(board, 2)
        if "hoard" in sys.argv:
            hoard(hoarded, tick, never)
    playing.kill()
    wires.take_up(laid)


if __name__ == "__main__":
    main()
