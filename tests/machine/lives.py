"""Processes to be watched: one that obeys, and some that go wrong in the ways processes do."""

import logging
import os
import signal
import sys
import threading
from multiprocessing.connection import Connection

from installation.machine.child import Vitals, living
from installation.machine.wires import Wires

NAME = "ward"
LONG = 120.0  # seconds: a test that waits this long has failed


def obedient(wires: Wires, pipe: Connection) -> None:
    """Beats, says which orders it gets, and leaves when told to."""
    with living(NAME, pipe) as uplink:
        vitals = Vitals(wires, NAME)
        vitals.beat()
        uplink.report("alive", pid=os.getpid())
        while (order := uplink.order(0.02)) is None or order.name != "quit":
            vitals.beat()
            if order:
                uplink.report("obeyed", order=order.name)
        uplink.report("left")


def hoarding(wires: Wires, pipe: Connection, *heeded: str) -> None:
    """With every order ``hoard`` {megabytes} it holds that much more; the orders ``heeded`` end it."""
    with living(NAME, pipe) as uplink:
        vitals, hoard = Vitals(wires, NAME), bytearray()
        vitals.beat()
        uplink.report("alive", pid=os.getpid())
        while (order := uplink.order(0.02)) is None or order.name not in heeded:
            vitals.beat()
            if order and order.name == "hoard":
                hoard += os.urandom(order.data["megabytes"] * 2**20)
        uplink.report("left", by=order.name)


def hung(wires: Wires, pipe: Connection) -> None:
    """Beats once and never again; SIGTERM still ends it through its finally clause."""
    with living(NAME, pipe) as uplink:
        Vitals(wires, NAME).beat()
        try:
            uplink.report("alive", pid=os.getpid())
            threading.Event().wait(LONG)
        finally:
            uplink.report("saved")


def deaf(wires: Wires, pipe: Connection) -> None:
    """Hung, and SIGTERM means nothing to it."""
    with living(NAME, pipe) as uplink:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        Vitals(wires, NAME).beat()
        uplink.report("alive", pid=os.getpid())
        threading.Event().wait(LONG)


def loading(_: Wires, pipe: Connection) -> None:
    """Takes very long to load and does not beat meanwhile."""
    with living(NAME, pipe) as uplink:
        uplink.report("alive", pid=os.getpid())
        threading.Event().wait(LONG)


def failing(_: Wires, pipe: Connection) -> None:
    """Says what is wrong and ends with an exit code."""
    with living(NAME, pipe):
        logging.getLogger("installation.engine").error("No model here.")
        sys.exit(3)


def slow_to_leave(wires: Wires, pipe: Connection) -> None:
    """Has much to save when it is told to end."""
    with living(NAME, pipe) as uplink:
        Vitals(wires, NAME).beat()
        try:
            uplink.report("alive", pid=os.getpid())
            threading.Event().wait(LONG)
        finally:
            uplink.report("saving")
            uplink.order(LONG)
            uplink.report("saved")
