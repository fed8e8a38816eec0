"""One video file of a take: written so that a SIGKILL costs its newest picture and nothing else.

Matroska, because its clusters stand for themselves. FFmpeg keeps a cluster in memory until the next one begins, also
with ``flush_packets``; one cluster per picture brings each picture to the file when the following one arrives.
"""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from installation.recording.journal import unwritable

if TYPE_CHECKING:
    import av
    from av.packet import Packet as AnyPacket

    from installation.records import Frame, Pixels

    Packet = AnyPacket[av.VideoStream]

TICKS = 1000  # per second: Matroska's own clock
MUXER = {"flush_packets": "1", "cluster_time_limit": "0"}
ALIKE = {**MUXER, "fflags": "+bitexact"}  # the same pictures make the same file: no random numbers, no versions
STEM = "frames-"
NAME = STEM + "{:04d}.mkv"
PATTERN = STEM + "*[0-9].mkv"

BT709, RGB, SRGB, LIMITED, FULL = 1, 0, 13, 1, 2  # code points of ITU-T H.273 (and FFmpeg's names for ranges)


@dataclass(frozen=True, slots=True)
class Codec:
    """How pictures are coded: FFmpeg's encoder, its pixel format and options, and the H.273 colour tags."""

    encoder: str
    pixel_format: str
    matrix: int
    transfer: int
    span: int
    options: dict[str, str] = field(default_factory=dict)


CODECS = {
    # Every picture stands alone, returns bit for bit, and each slice carries a checksum: the archive's choice.
    "ffv1": Codec("ffv1", "bgr0", RGB, SRGB, FULL, {"level": "3", "g": "1", "slices": "4", "slicecrc": "1"}),
    # A quarter of the space: whole colour resolution, a key picture about every second, nothing held back.
    "h264": Codec(
        "libx264", "yuv444p", BT709, BT709, LIMITED,
        {"crf": "16", "preset": "veryfast", "tune": "zerolatency", "g": "20"},
    ),
    # A fifth of the time of either, half the colour resolution: large pictures, thirty a second, beside a show.
    "h264-fast": Codec(
        "libx264", "yuv420p", BT709, BT709, LIMITED,
        {"crf": "20", "preset": "ultrafast", "tune": "zerolatency", "g": "20"},
    ),
}  # fmt: skip


class Segment:
    """A video file being written, all pictures of one size. Times count from its first picture, in milliseconds."""

    def __init__(self, path: Path, codec: Codec, first: Frame, muxer: Mapping[str, str] = MUXER) -> None:
        """Open the file for pictures of the size of ``first``. Raises ``StorageError`` when the disk refuses."""
        import av

        self.path, self.shape, self.began_ns = path, first.pixels.shape, first.stamp_ns
        self._codec, self._last = codec, -1
        with said_of(path):
            self._container = av.open(str(path), "w", format="matroska", options=dict(muxer))
            self._stream = stream_of(self._container, codec, first.pixels)

    def write(self, frame: Frame) -> int:
        """Add a picture and return its time in the file; the one before it is now safe.

        Two pictures never share a millisecond, and time never runs backwards. Raises ``StorageError``.
        """
        pts = max(self._last + 1, (frame.stamp_ns - self.began_ns) * TICKS // 10**9)
        picture = picture_of(frame.pixels, self._codec)
        picture.pts, picture.time_base = pts, Fraction(1, TICKS)
        with said_of(self.path):
            self._container.mux(self._stream.encode(picture))
        self._last = pts
        return pts

    def close(self) -> None:
        """Finish the file; all its pictures are safe now. Raises ``StorageError`` when the end cannot be written."""
        with said_of(self.path):
            self._container.mux(self._stream.encode(None))
            self._container.close()


def pictures(path: Path, wanted: Container[int] | None = None) -> Iterator[tuple[int, Pixels]]:
    """Time in milliseconds and H x W x 3 uint8 sRGB pixels of every readable picture, or only of those ``wanted``.

    A file that was cut off gives what it has; one without a whole picture gives nothing.
    """
    import av

    try:
        with av.open(str(path)) as container:
            for packets in _needed(container.demux(video=0), wanted):
                yield from _decoded(packets, wanted)
    except av.error.FFmpegError:
        return  # the end of a file whose writer was killed, or of a damaged disk


def near(path: Path, milliseconds: int) -> Pixels | None:
    """A picture at about this time, found fast: the last before it that stands alone; None where none can be read."""
    import av

    try:
        with av.open(str(path)) as container:
            with contextlib.suppress(av.error.FFmpegError):  # a file without its end has no table of times: its first
                container.seek(milliseconds * (av.time_base // TICKS))
            return next((_pixels(picture) for picture in container.decode(video=0)), None)
    except av.error.FFmpegError:
        return None


@contextlib.contextmanager
def said_of(path: Path) -> Iterator[None]:
    """FFmpeg's errors as sentences about this file."""
    import av

    try:
        yield
    except av.error.FFmpegError as error:
        raise unwritable(path, OSError(error.errno, error.strerror)) from error
    except OSError as error:
        raise unwritable(path, error) from error


def _needed(packets: Iterator[Packet], wanted: Container[int] | None) -> Iterator[list[Packet]]:
    """The packets that must be decoded, in runs: from the last key picture to each wanted one."""
    run: list[Packet] = []
    for packet in packets:
        if packet.is_keyframe:
            run = []
        run.append(packet)
        if wanted is None or packet.pts is None or packet.pts in wanted:  # no time: the end, which empties the decoder
            yield run
            run = []


def _decoded(packets: list[Packet], wanted: Container[int] | None) -> Iterator[tuple[int, Pixels]]:
    for packet in packets:
        for picture in packet.decode():
            if picture.pts is not None and (wanted is None or picture.pts in wanted):
                yield picture.pts, _pixels(picture)


def stream_of(container: av.container.OutputContainer, codec: Codec, pixels: Pixels) -> av.VideoStream:
    """A video stream for pictures of this size, with true times in milliseconds and honest colour tags."""
    added = container.add_stream(codec.encoder, rate=25, options=codec.options)  # a nominal rate: times are true
    stream = cast("av.VideoStream", added)
    stream.height, stream.width = pixels.shape[:2]
    stream.pix_fmt = codec.pixel_format
    context = stream.codec_context
    context.time_base = Fraction(1, TICKS)
    context.thread_count = 1  # more would hold pictures back, and take cores from the engine
    context.colorspace, context.color_range = codec.matrix, codec.span
    context.color_primaries, context.color_trc = BT709, codec.transfer
    return stream


def picture_of(pixels: Pixels, codec: Codec) -> av.VideoFrame:
    """H x W x 3 uint8 sRGB as a codec takes it."""
    import av

    picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    if codec.matrix == RGB:
        return picture.reformat(format=codec.pixel_format)
    return picture.reformat(
        format=codec.pixel_format, dst_colorspace=codec.matrix, src_color_range=FULL, dst_color_range=codec.span
    )


def _pixels(picture: av.VideoFrame) -> Pixels:
    if picture.format.is_rgb:
        return cast("Pixels", picture.to_ndarray(format="rgb24"))
    whole = picture.reformat(format="yuv444p", src_color_range=LIMITED, dst_color_range=LIMITED)  # else it turns darker
    rgb = whole.reformat(format="rgb24", src_colorspace=BT709, src_color_range=LIMITED, dst_color_range=FULL)
    return cast("Pixels", rgb.to_ndarray())
