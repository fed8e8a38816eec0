"""The roofline: how much work a picture is, and how much of it this machine could do at best."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

SIDES = {"cuda": 8192, "cpu": 1024}  # of the matrices that are multiplied: large enough to keep every unit busy
ROUNDS = 10


def flop(work: Callable[[], object]) -> int:
    """Floating point operations of convolutions, products and attention in some work, by torch's own counter.

    A multiplication and an addition are two; what is elementwise is not counted.
    """
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def peak(device: torch.device, dtype: torch.dtype, side: int | None = None, rounds: int = ROUNDS) -> float:
    """FLOP/s of the fastest of some products of two square matrices: 2 n^3 over its seconds."""
    import torch

    n = side or SIDES[device.type]
    matrix = torch.randn(n, n, device=device).to(dtype)
    best = min(_seconds(lambda: matrix @ matrix, device) for _ in range(rounds + 1))
    return float(2 * n**3 / best)


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    _finish(device)
    began = time.perf_counter()
    work()
    _finish(device)
    return time.perf_counter() - began


def _finish(device: torch.device) -> None:
    """A card is given work and goes on by itself: wait until it has done all of it."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
