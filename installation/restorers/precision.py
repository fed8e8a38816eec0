"""With which numbers networks compute: as narrow ones as the machine computes fast with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from installation.restorers.protocol import Restorer

AUTO = "auto"


def fast(device: torch.device) -> torch.dtype:
    """The narrowest numbers that a device computes fast with: float32 on a processor that only emulates bfloat16."""
    import torch

    if device.type == "cpu":
        computes = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # noqa: SLF001 - no public name
        return torch.bfloat16 if computes else torch.float32
    return torch.bfloat16 if device.type != "cuda" or torch.cuda.is_bf16_supported() else torch.float16


def wanted(kind: str, device: torch.device) -> torch.dtype | None:
    """The numbers for a pipeline that ``[engine] dtype`` asks for; none on a card where it leaves them to its training.

    A processor has no float16 to speak of: it computes with float32 instead.
    """
    import torch

    if kind == AUTO:
        return fast(device) if device.type == "cpu" else None
    if kind == "float16" and device.type == "cpu":
        return torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[kind]


def told(restorer: Restorer) -> dict[str, str]:
    """What a take says of the numbers a pipeline computed with; the other restorers have no choice."""
    kind = getattr(restorer, "dtype", None)
    return {"dtype": named(kind)} if kind else {}


def named(kind: torch.dtype) -> str:
    """The name of a kind of numbers: float32, bfloat16 or float16."""
    return str(kind).removeprefix("torch.")
