import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from installation.machine.ring import SLOTS, Ring
from installation.stage.gate import Gate
from tests.support import until

SIDE = 16
WRITER = """
import itertools, sys
from pathlib import Path
import numpy as np
from installation.machine.ring import Ring
ring = Ring(Path(sys.argv[1]))
for level in itertools.count():
    pixels = np.full((256, 256, 3), level % 256, np.uint8)
    ring.write(pixels, stamp_ns=0, generation=0, phase="restore", temperature=0.0)
"""


@pytest.fixture
def ring(tmp_path):
    return Ring.create(tmp_path / "ring", SIDE * SIDE)


def write(ring, phase, level=0):
    pixels = np.full((SIDE, SIDE, 3), level, np.uint8)
    return ring.write(pixels, stamp_ns=0, generation=0, phase=phase, temperature=0.5)


def passed(gate, show="everything"):
    frame = gate.newest(show)
    return frame and frame.serial


def test_there_is_nothing_before_the_first_frame(ring):
    assert Gate(ring).newest("everything") is None


def test_the_newest_frame_comes_out_once(ring):
    gate = Gate(ring)
    write(ring, "burn")
    serial = write(ring, "restore")
    assert passed(gate) == serial
    assert gate.newest("everything") is None


@pytest.mark.parametrize(
    ("show", "expected"), [("everything", "burn"), ("restoring", "restore"), ("generations", "generation")]
)
def test_only_the_phases_asked_for_are_shown(ring, show, expected):
    for phase in ("generation", "restore", "burn"):
        write(ring, phase)
    frame = Gate(ring).newest(show)
    assert frame
    assert frame.phase == expected


def test_a_frame_of_the_right_phase_is_found_behind_others(ring):
    wanted = write(ring, "generation")
    for _ in range(5):
        write(ring, "restore")
    gate = Gate(ring)
    assert passed(gate, "generations") == wanted
    assert gate.newest("generations") is None


def test_what_is_overwritten_is_missed_and_not_waited_for(ring):
    write(ring, "generation")
    for _ in range(2 * SLOTS):
        write(ring, "burn")
    assert Gate(ring).newest("generations") is None


def test_a_shut_gate_lets_only_later_frames_out(ring):
    gate = Gate(ring)
    write(ring, "burn")
    gate.shut()
    assert gate.newest("everything") is None
    later = write(ring, "burn")
    assert passed(gate) == later


def test_a_writer_killed_in_mid_write_never_shows_a_torn_frame(tmp_path):
    ring = Ring.create(tmp_path / "big", 256 * 256, slots=3)
    gate, seen = Gate(ring), 0
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "big"])
        try:
            before = ring.newest
            until(partial(lambda before: ring.newest > before + 500, before), within=60)
            for _ in range(200):
                if frame := gate.newest("everything"):
                    assert frame.pixels.min() == frame.pixels.max()
                    seen += 1
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait(10)
    assert seen > 0
