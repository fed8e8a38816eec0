"""How much memory a pipeline wants, told from its files' headers before anything is loaded, and how much there is.

A safetensors file says in its first bytes what is in it, so a folder of 40 GB is weighed in milliseconds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    import torch

LENGTH = 8  # bytes at the beginning of a safetensors file that say how long its header is
LONGEST_HEADER = 100_000_000  # bytes; what the safetensors library itself puts up with
GIB = 2**30
WORKING = 1.0 * GIB  # bytes kept free beside the weights, for a picture on its way through them
HALF, SINGLE = 2, 4  # bytes of a number


@dataclass(frozen=True, slots=True)
class Load:
    """The numbers in some weights files, and the bytes they take on the disk."""

    parameters: int
    file_bytes: int

    def wanted(self, width: int) -> float:
        """Bytes of memory for playing with numbers of ``width`` bytes each."""
        return self.parameters * width + WORKING


def weigh(files: Iterable[Path]) -> Load:
    """What some safetensors hold. Raises ``ModelError`` for one that is damaged or cut off."""
    counted, taken = 0, 0
    for file in files:
        counted += _parameters(file)
        taken += file.stat().st_size
    return Load(counted, taken)


def _parameters(file: Path) -> int:
    """How many numbers are in a file."""
    return sum(math.prod(shape) for shape in shapes(file).values())


def shapes(file: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor in a safetensors file, which must be as long as its header says, by name.

    Raises ``ModelError`` for one that is damaged or cut off.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(LENGTH), "little")
            header: dict[str, Any] = json.loads(opened.read(min(length, LONGEST_HEADER)))
        tensors = {name: tensor for name, tensor in header.items() if name != "__metadata__"}
        end = LENGTH + length + max((tensor["data_offsets"][1] for tensor in tensors.values()), default=0)
        found = {name: tuple(map(int, tensor["shape"])) for name, tensor in tensors.items()}
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelError(f"{file}: damaged, or no safetensors. Download it again.") from error
    if end != size:
        raise ModelError(f"{file}: cut off or damaged ({size:,} bytes, its header says {end:,}). Download it again.")
    return found


def free_bytes(device: torch.device) -> float:
    """Memory that is free now on the device: the card's own, or this machine's."""
    import psutil
    import torch

    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    return float(psutil.virtual_memory().available)


def require_room(files: Iterable[Path], kind: torch.dtype, device: torch.device, what: str) -> None:
    """Raises ``ModelError`` where some weights do not fit beside what is on a device, in numbers of this kind."""
    width_that_fits(weigh(files), (kind.itemsize,), free_bytes(device), what)


def width_that_fits(load: Load, widths: Iterable[int], free: float, what: str) -> int:
    """The first of some widths of numbers, in bytes, with which a model fits; ``what`` begins the sentence of refusal.

    Raises ``ModelError`` where even the last is too wide.
    """
    for width in widths:
        if load.wanted(width) <= free:
            return width
    raise ModelError(
        f"{what} wants {load.wanted(width) / GIB:.1f} GiB of memory, and {free / GIB:.1f} GiB are free. "
        "End what else uses it, or choose a smaller model: burntout models lists them."
    )
