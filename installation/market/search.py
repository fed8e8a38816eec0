"""The search for a key: a process that tries one after another, with nothing but what hangs on the wall to go by.

It knows the first bytes of the encrypted picture and how many keys there are, and has the least right to the
processor: the rate that is shown is what the machine has to spare for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from installation.burns.cipher import brute_force
from installation.machine.child import PULSE, Phase, Vitals, living

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from installation.machine.wires import Uplink, Wires

    Bytes = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    Beat = Callable[..., None]

NAME = "search"
SEARCH_VITALS: Mapping[str, float] = {**PULSE, "tried": 0.0, "rate": 0.0}
NICENESS = 15  # the engine has 10: the show comes first
LOOK = 256  # keys between two looks at the orders: a twentieth of a second on a very busy machine
PATIENCE = 30.0  # seconds for so many, with a training beside it
REST = 0.2  # seconds between two looks at the orders once everything was tried


def run(wires: Wires, pipe: Connection, header: bytes, bits: int) -> None:
    """The life of the process: reports ``found`` {tick}, where there is one, and waits to be dismissed."""
    with living(NAME, pipe) as uplink:
        os.nice(NICENESS)
        beat = Vitals(wires, NAME).beat
        encrypted = np.frombuffer(header, np.uint8)
        stays = search(encrypted, 2**bits, uplink, beat, time.monotonic)
        while stays and not _dismissed(uplink, REST):
            beat(Phase.RESTING)


def search(header: Bytes, keys: int, uplink: Uplink, beat: Beat, clock: Callable[[], float]) -> bool:
    """Try keys from the first on, saying how many and how fast, until one fits or none is left.

    False when it was asked to leave before that.
    """
    began = clock()
    for start in range(0, keys, LOOK):
        ticks = range(start, min(start + LOOK, keys))
        tick = brute_force(header, ticks)
        tried = ticks.stop if tick is None else tick + 1
        beat(Phase.RUNNING, tried=float(tried), rate=ticks.stop / max(clock() - began, 1e-6))
        if tick is not None:
            uplink.report("found", tick=tick)
            return True
        if _dismissed(uplink, 0.0):
            return False
    return True


def _dismissed(uplink: Uplink, patience: float) -> bool:
    order = uplink.order(patience)
    return order is not None and order.name == "quit"
