"""Timings with a peer in the same run: ``make bench``. In ``make test`` each runs once, and nothing is timed.

Compare within a group: the peer does the same work with another library.
"""

import cv2
import numpy as np
import pytest
import torch

from installation.burns.gaussian import Gaussian
from installation.burns.heat import diffuse
from installation.machine.board import Board
from installation.machine.ring import Ring
from installation.panels import all_knobs
from installation.randomness import generator

pytestmark = pytest.mark.bench
WIDE = (1080, 1920)


@pytest.fixture
def wide():
    return torch.rand(1, 3, *WIDE) * 2 - 1


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


@pytest.mark.benchmark(group="white noise burn, 1920 x 1080")
def test_gaussian_burn(benchmark, wide):
    assert benchmark(lambda: Gaussian(0.5)(wide, generator(1, 1))).sigma > 0


@pytest.mark.benchmark(group="white noise burn, 1920 x 1080")
def test_peer_diffusers_add_noise(benchmark, wide):
    from diffusers import DDPMScheduler

    scheduler, rng = DDPMScheduler(), torch.Generator().manual_seed(1)
    step = torch.tensor([500])
    burnt = benchmark(lambda: scheduler.add_noise(wide, torch.randn(wide.shape, generator=rng), step))
    assert burnt.shape == wide.shape


@pytest.mark.benchmark(group="heat of 12 px, 1920 x 1080")
def test_heat_burn(benchmark, wide):
    assert benchmark(lambda: diffuse(wide, 12.0)).shape == wide.shape


@pytest.mark.benchmark(group="heat of 12 px, 1920 x 1080")
def test_peer_opencv_gaussian_blur(benchmark, wide):
    picture = wide[0].permute(1, 2, 0).contiguous().numpy()
    blurred = benchmark(lambda: cv2.GaussianBlur(picture, (0, 0), 12.0, borderType=cv2.BORDER_REFLECT))
    assert blurred.shape == picture.shape
