"""The cosine basis: a picture as standing waves between insulated edges (DCT-II), each transform by its cheapest way.

A few modes are summed as they are written down; many take a fast transform, SciPy's on the CPU and an FFT elsewhere.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

FEW = 64  # modes: up to here a product with the basis costs less than a fast transform, at 1080 and 1920 samples


def dct(x: torch.Tensor) -> torch.Tensor:
    """The orthonormal DCT-II along the last axis; float32 or float64."""
    return lowest(x, x.shape[-1], -1)


def idct(modes: torch.Tensor) -> torch.Tensor:
    """The inverse of ``dct`` (an orthonormal DCT-III) along the last axis."""
    return summed(modes.clone(), modes.shape[-1], -1)


def lowest(x: torch.Tensor, count: int, axis: int) -> torch.Tensor:
    """The first ``count`` modes of the orthonormal DCT-II along the last axis or the one before it (-1 or -2)."""
    n = x.shape[axis]
    if count <= FEW:
        basis = _basis(n, x.dtype, x.device)[:count]
        return basis @ x if axis == -2 else x @ basis.T  # noqa: PLR2004 - the axis of the rows
    if x.device.type == "cpu":
        return _by_scipy(x, axis).narrow(axis, 0, count)
    return _by_fft(x.movedim(axis, -1))[..., :count].movedim(-1, axis)


def summed(modes: torch.Tensor, n: int, axis: int) -> torch.Tensor:
    """``n`` samples from their first modes along the axis (-1 or -2); the modes above them are zero.

    The modes are used up: the samples may take their memory, so that no new one is asked for.
    """
    count = modes.shape[axis]
    if count <= FEW:
        basis = _basis(n, modes.dtype, modes.device)[:count]
        return basis.T @ modes if axis == -2 else modes @ basis  # noqa: PLR2004 - the axis of the rows
    if modes.device.type == "cpu":
        return _inverse_by_scipy(modes, n, axis)
    return _inverse_by_fft(modes.movedim(axis, -1), n).movedim(-1, axis)


@functools.lru_cache(maxsize=16)
def _basis(n: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """The first modes as rows of up to 64 x n; half a megabyte at 1920. Shared: do not write into it."""
    import torch

    k, place = torch.arange(min(FEW, n), dtype=torch.float64)[:, None], torch.arange(n, dtype=torch.float64) + 0.5
    modes = torch.cos(math.pi / n * k * place) * math.sqrt(2.0 / n)
    modes[0] /= math.sqrt(2.0)
    return modes.to(device=device, dtype=dtype)


def _by_scipy(x: torch.Tensor, axis: int) -> torch.Tensor:
    """The cosine transform of pocketfft, many lines at once, on as many threads as torch has: that changes no bit."""
    import scipy.fft  # type: ignore[import-untyped] # ships no types
    import torch

    return torch.from_numpy(scipy.fft.dct(x.numpy(), axis=axis, norm="ortho", workers=torch.get_num_threads()))


def _inverse_by_scipy(modes: torch.Tensor, n: int, axis: int) -> torch.Tensor:
    import scipy.fft
    import torch

    settings = {"norm": "ortho", "workers": torch.get_num_threads(), "overwrite_x": True}
    return torch.from_numpy(scipy.fft.idct(modes.numpy(), n=n, axis=axis, **settings))


def _by_fft(x: torch.Tensor) -> torch.Tensor:
    """Along the last axis, by one real FFT of twice the length (Makhoul 1980)."""
    import torch

    n = x.shape[-1]
    spectrum = torch.fft.rfft(torch.cat([x, x.flip(-1)], dim=-1))[..., :n]
    modes: torch.Tensor = (spectrum * _twist(n, x)).real * _scale(n, x) / 2.0
    return modes


def _inverse_by_fft(modes: torch.Tensor, n: int) -> torch.Tensor:
    import torch

    padded = torch.nn.functional.pad(modes, (0, n - modes.shape[-1]))
    spectrum = torch.nn.functional.pad((2.0 * padded / _scale(n, modes)) / _twist(n, modes), (0, 1))
    doubled: torch.Tensor = torch.fft.irfft(spectrum, n=2 * n)
    return doubled[..., :n]


def _twist(n: int, like: torch.Tensor) -> torch.Tensor:
    """exp(-i pi k / 2n): moves the mirror of the doubled signal to half a sample before its start."""
    import torch

    angles = -math.pi / (2 * n) * torch.arange(n, device=like.device, dtype=torch.float64)
    return torch.polar(torch.ones_like(angles), angles).to(
        torch.complex128 if like.dtype == torch.float64 else torch.complex64
    )


def _scale(n: int, like: torch.Tensor) -> torch.Tensor:
    import torch

    scale = torch.full((n,), math.sqrt(2.0 / n), device=like.device, dtype=like.dtype)
    scale[0] = math.sqrt(1.0 / n)
    return scale
