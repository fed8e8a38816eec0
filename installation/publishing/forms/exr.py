"""Stills as OpenEXR, 32-bit floats: the light itself, for compositing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from installation.publishing.forms.registry import Wishes, form
from installation.publishing.stills import Still, sequence

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take


@form("exr", "-exr", "exr")
def exr(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Stills: a folder of OpenEXR, 32 bit linear light with BT.709 primaries, otherwise as png."""
    return sequence(take, path, wishes, written, progress, suffix=".exr")


def written(path: Path, still: Still) -> None:
    """One EXR, its light bit for bit (ZIP compression loses nothing)."""
    import av

    height, width = still.light.shape[:2]
    context = av.CodecContext.create("exr", "w")
    context.height, context.width, context.pix_fmt = height, width, "gbrpf32le"
    context.time_base, context.options = Fraction(1, 1), {"compression": "zip16", "format": "float"}
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(still.light), format="gbrpf32le")
    picture.pts = 0
    path.write_bytes(b"".join(bytes(packet) for packet in [*context.encode(picture), *context.encode(None)]))
