"""A take as a film: what the audience saw, at a constant rate, large enough for a screen."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.projection import projected, schedule, shots
from installation.publishing.whole import PublishError, whole
from installation.recording import takes
from installation.stage.light import encode

if TYPE_CHECKING:
    import av

    from installation.recording.takes import Take
    from installation.records import Pixels

Progress = Callable[[float], None]

#: Noise cannot be compressed: without a ceiling a hot minute takes 170 MB.
ENCODER = {"crf": "18", "maxrate": "12M", "bufsize": "24M", "preset": "veryfast", "profile": "high"}
BT709, LIMITED, FULL = 1, 1, 2  # code points of ITU-T H.273, and FFmpeg's names for the ranges


def film(take: Take, path: Path, *, height: int = 1080, rate: int = 30, progress: Progress | None = None) -> Path:
    """Make an MP4 that any player plays: H.264 High, 4:2:0, BT.709, ``rate`` pictures a second, ``height`` pixels high.

    The width follows the first picture; both are even. ``progress`` hears the share done, 0 to 1. The file appears
    when it is whole. Raises ``PublishError`` for a take without pictures and for a disk that refuses.
    """
    marks = takes.marks(take.folder)
    if not marks:
        raise PublishError(f"{take.name} holds no pictures; there is nothing to publish.")
    times = schedule(marks)
    ticks = times[marks[-1].frame][1] * rate
    lights = projected(shots(takes.frames(take), times), rate)
    pictures = (encode(light, turn) for turn, light in enumerate(lights))

    def tell(count: int) -> None:
        if progress:
            progress(min(count / ticks, 1.0))

    with whole(path) as beside:
        _write(beside, pictures, take, (height, rate), tell)
    return path


def _write(
    path: Path, pictures: Iterator[Pixels], take: Take, form: tuple[int, int], tell: Callable[[int], None]
) -> None:
    """Encode the pictures in a height and at a rate, telling after each how many are done."""
    import av

    first = next(pictures, None)
    if first is None:
        raise PublishError(f"{take.name} holds no readable pictures; there is nothing to publish.")
    height, rate = form
    width = height * first.shape[1] / first.shape[0]
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        container.metadata.update(_credits(take))
        stream = _stream(container, even(height), even(width), rate)
        for count, pixels in enumerate(itertools.chain([first], pictures)):
            picture = _picture(pixels, stream)
            picture.pts = count
            container.mux(stream.encode(picture))
            tell(count + 1)
        container.mux(stream.encode(None))


def even(pixels: float) -> int:
    """The nearest even number, at least 2: half-size colour needs whole pixels."""
    return max(2 * round(pixels / 2), 2)


def _credits(take: Take) -> dict[str, str]:
    made = f"{take.manifest.get('restorer', '')} from {take.origin}, lineage seed {take.seed}"
    return {"title": take.title or take.name, "date": f"{take.started:%Y-%m-%d}", "comment": f"{take.scene}: {made}"}


def _stream(container: av.container.OutputContainer, height: int, width: int, rate: int) -> av.VideoStream:
    options = {**ENCODER, "g": str(2 * rate)}
    stream = container.add_stream("libx264", rate=rate, options=options)
    stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, rate)
    context.colorspace, context.color_range = BT709, LIMITED
    context.color_primaries = context.color_trc = BT709
    return stream


def _picture(pixels: Pixels, stream: av.VideoStream) -> av.VideoFrame:
    import av
    from av.video.reformatter import Interpolation

    return av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
        width=stream.width,
        height=stream.height,
        format="yuv420p",
        interpolation=Interpolation.LANCZOS | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
        dst_colorspace=BT709,
        src_color_range=FULL,
        dst_color_range=LIMITED,
    )
