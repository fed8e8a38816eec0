"""Timings with a peer in the same run: ``make bench``. In ``make test`` each runs once, and nothing is timed.

Compare within a group: the peer does the same work with another library.
"""

import numpy as np
import pytest

from installation.machine.board import Board
from installation.machine.ring import Ring
from installation.panels import all_knobs

pytestmark = pytest.mark.bench


@pytest.mark.benchmark(group="a 1024 x 1024 frame through memory")
def test_ring_write_and_read(benchmark, tmp_path):
    ring, pixels = Ring.create(tmp_path / "ring", 1024 * 1024, 4), np.zeros((1024, 1024, 3), np.uint8)

    def pass_on():
        serial = ring.write(pixels, stamp_ns=0, generation=0, phase="burn", temperature=0.0)
        return ring.read(serial)

    assert benchmark(pass_on).pixels.shape == (1024, 1024, 3)
    ring.close()


@pytest.mark.benchmark(group="a 1024 x 1024 frame through memory")
def test_peer_numpy_copies_twice(benchmark):
    pixels, slot = np.zeros((1024, 1024, 3), np.uint8), np.empty((1024, 1024, 3), np.uint8)

    def pass_on():
        slot[:] = pixels
        return slot.copy()

    assert benchmark(pass_on).shape == (1024, 1024, 3)


@pytest.mark.benchmark(group="all knob values at one instant")
def test_board_read(benchmark, tmp_path):
    board = Board.create(tmp_path / "board", {address: knob.default for address, knob in all_knobs().items()})
    assert benchmark(board.read)
    board.close()
