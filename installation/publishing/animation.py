"""Animated pictures: short loops for pages and messages, made smaller until they fit."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from installation.publishing.closing import choose, pictures
from installation.publishing.reel import reel
from installation.publishing.whole import PublishError, whole
from installation.stage.light import encode

if TYPE_CHECKING:
    import av

    from installation.publishing.film import Progress
    from installation.recording.takes import Take
    from installation.records import Pixels

LONGEST = 8.0  # seconds of a loop
SMALLEST = 64  # pixels of the longer side
ATTEMPTS = 8
CAUTION = 0.95  # of the side that would just fit: grain does not shrink as its pixels do


@dataclasses.dataclass(frozen=True, slots=True)
class Bounds:
    """How large an animated picture may be: pixels of its longer side, pictures a second, bytes."""

    side: int
    rate: int
    total_bytes: int

    def size(self, shape: tuple[int, ...], share: float) -> tuple[int, int]:
        """Height and width for pictures of this shape, never enlarged, at a share of what is allowed."""
        scale = min(1.0, self.side / max(shape[:2])) * share
        return max(round(shape[0] * scale), 1), max(round(shape[1] * scale), 1)


@dataclasses.dataclass(frozen=True, slots=True)
class Sheaf:
    """The pictures of one attempt, their number, and the height and width they are to have."""

    pictures: Iterator[Pixels]
    rate: int
    height: int
    width: int


Writer = Callable[[Path, Sheaf], Iterator[int]]


def animated(take: Take, path: Path, bounds: Bounds, write: Writer, *, seconds: float, progress: Progress) -> Path:
    """Write a loop of at most eight seconds with ``write``, again and smaller until it has no more bytes than it may.

    ``write`` tells after each picture how many are done. Raises ``PublishError`` when there is nothing to publish.
    """
    seen = reel(take, bounds.rate)
    seam = choose(seen, min(seconds, LONGEST))
    share = 1.0
    with whole(path) as beside:
        for attempt in range(ATTEMPTS):
            lights = pictures(seen, seam)
            first = next(lights, None)
            if first is None:
                raise PublishError(f"{take.name} holds no readable pictures; there is nothing to publish.")
            height, width = bounds.size(first.shape, share)
            codes = (encode(light, turn) for turn, light in enumerate(itertools.chain([first], lights)))
            for count in write(beside, Sheaf(codes, bounds.rate, height, width)):
                progress(_share(attempt, count / seam.length))
            total_bytes = beside.stat().st_size
            if total_bytes <= bounds.total_bytes or max(height, width) <= SMALLEST:
                break
            smaller = share * CAUTION * math.sqrt(bounds.total_bytes / total_bytes)
            share = max(smaller, share * SMALLEST / max(height, width))
    progress(1.0)
    return path


def coded(encoder: str, pixel_format: str, muxer: str, codec: dict[str, str], options: dict[str, str]) -> Writer:
    """A writer that hands every picture to one of FFmpeg's encoders as it is."""

    def write(path: Path, sheaf: Sheaf) -> Iterator[int]:
        import av

        with av.open(str(path), "w", format=muxer, options=options) as container:
            stream = track(container, encoder, pixel_format, sheaf, codec)
            for count, pixels in enumerate(sheaf.pictures, start=1):
                picture = scaled(pixels, sheaf).reformat(format=pixel_format)
                picture.pts = count - 1
                container.mux(stream.encode(picture))
                yield count
            container.mux(stream.encode(None))

    return write


def track(
    container: av.container.OutputContainer, encoder: str, pixel_format: str, sheaf: Sheaf, options: dict[str, str]
) -> av.VideoStream:
    """The one track of an animated picture."""
    stream = cast("av.VideoStream", container.add_stream(encoder, rate=sheaf.rate, options=options))
    stream.height, stream.width, stream.pix_fmt = sheaf.height, sheaf.width, pixel_format
    stream.codec_context.time_base = Fraction(1, sheaf.rate)
    return stream


def scaled(pixels: Pixels, sheaf: Sheaf) -> av.VideoFrame:
    """A picture in the size of the animation, still RGB."""
    import av
    from av.video.reformatter import Interpolation

    return av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
        width=sheaf.width,
        height=sheaf.height,
        format="rgb24",
        interpolation=Interpolation.LANCZOS | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
    )


def _share(attempt: int, done: float) -> float:
    """How far all attempts together are: nobody knows how many will be needed, so each has half of what is left."""
    return 1.0 - 0.5**attempt * (1.0 - min(done, 1.0) / 2.0)
