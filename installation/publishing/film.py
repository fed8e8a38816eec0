"""A take as a film: what the audience saw, at a constant rate, large enough for a screen."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from installation.publishing import priority
from installation.publishing.kinship import kinship
from installation.publishing.reel import Reel, reel
from installation.publishing.sound import Bed, Track
from installation.publishing.title import card, opening, risen
from installation.publishing.wall import on_the_wall
from installation.publishing.whole import PublishError, whole
from installation.recording import takes
from installation.stage.light import Light, encode, inverse

if TYPE_CHECKING:
    import av

    from installation.recording.takes import Take

Progress = Callable[[float], None]

BT709, LIMITED, FULL = 1, 1, 2  # code points of ITU-T H.273, and FFmpeg's names for the ranges
SCALED_WHITE = 255 * 256  # FFmpeg's scaler takes 16-bit codes for 8-bit ones shifted: 65535 comes out a code too bright
KEY_SECONDS = 2  # between pictures that stand alone, where a codec has others: how finely a player can seek
MUXER = {
    "mp4": {"movflags": "+faststart"},
    "mov": {"movflags": "+faststart"},
    "matroska": {},
    "hls": {
        "hls_time": "6",
        "hls_list_size": "0",
        "hls_playlist_type": "vod",
        "hls_flags": "independent_segments",
        "hls_segment_filename": "piece-%05d.ts",
    },
}


@dataclasses.dataclass(frozen=True, slots=True)
class Codec:
    """How a film is coded: FFmpeg's encoder, pixel format, container, encoder for sound, and options.

    ``tag`` is the four letters that name it where players ask for others than FFmpeg's; ``least`` are the fewest
    pixels, width and height, that the encoder takes. ``apart``: it encodes pictures that stand alone, several at once.
    """

    encoder: str
    pixel_format: str
    container: str = "mp4"
    sound: str = "aac"
    options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tag: str = ""
    least: tuple[int, int] = (2, 2)
    apart: bool = False

    @property
    def deep(self) -> bool:
        """Whether it keeps more than 8 bits of each colour."""
        return self.pixel_format.endswith("10le")

    def size(self, shape: tuple[int, ...], height: int | None) -> tuple[int, int]:
        """Height and width for pictures of this shape; None is their own. Even, unless every pixel has its colour."""
        tall = height or shape[0]
        wide = tall * shape[1] / shape[0]
        return (tall, max(round(wide), 1)) if "444" in self.pixel_format else (even(tall), even(wide))


H264 = Codec(
    "libx264",
    "yuv420p",
    # Noise cannot be compressed: without a ceiling a hot minute takes 170 MB.
    options={"crf": "18", "maxrate": "12M", "bufsize": "24M", "preset": "veryfast", "profile": "high"},
)


@dataclasses.dataclass(frozen=True, slots=True)
class Shoot:
    """What a film is besides its pictures: its codec, height (None: the take's own) and rate, credits and time code."""

    codec: Codec
    height: int | None
    rate: int
    credits: Mapping[str, str]
    timecode: str


def film(
    take: Take,
    path: Path,
    *,
    codec: Codec = H264,
    height: int | None = 1080,
    rate: int = 30,
    title: float = 0.0,
    audio: Path | None = None,
    look: str = "pictures",
    progress: Progress | None = None,
) -> Path:
    """Make a film, ``rate`` pictures a second and ``height`` pixels high: by default an MP4 that any player plays.

    It begins with ``title`` seconds of title card, and has ``audio`` (WAV, FLAC) for a bed. ``look`` is "pictures", the
    loop's own, or "wall", with the stage's knobs and what was written over them. The width follows the first picture.
    ``progress`` hears the share done, 0 to 1. The file appears when it is whole. Raises ``PublishError`` for a
    take without pictures, a recording without sound, an encoder that is not there and a disk that refuses.
    """
    seen = reel(take, rate)
    shoot = shooting(take, codec, height, rate)
    seconds = title + seen.seconds
    bed = Bed(audio, seconds) if audio else None
    lights = _on_the_wall(seen, shoot) if look == "wall" else seen.lights()
    pictures = _titled(lights, take, title, shoot) if title else lights
    shoot_film(path, pictures, shoot, seconds * rate, bed=bed, progress=progress)
    return path


def shooting(take: Take, codec: Codec, height: int | None, rate: int) -> Shoot:
    """How a film of this take is made; its time code begins at the time of day the take did."""
    return Shoot(codec, height, rate, credits_of(take), f"{take.started:%H:%M:%S}:00")


def shoot_film(
    path: Path,
    lights: Iterable[Light],
    shoot: Shoot,
    ticks: float,
    *,
    bed: Bed | None = None,
    progress: Progress | None = None,
) -> None:
    """Encode pictures, about ``ticks`` of them, to a file that appears when it is whole. Raises ``PublishError``."""
    first, lights = _first(lights)
    if first is None:
        raise PublishError(f"{shoot.credits['title']} holds no readable pictures; there is nothing to publish.")
    height, width = shoot.codec.size(first.shape, shoot.height)
    require_size(shoot.codec, height, width)
    with whole(path) as beside:
        for count in _written(beside, lights, shoot, (height, width), bed):
            if progress:
                progress(min(count / ticks, 1.0))


def require_size(codec: Codec, height: int, width: int) -> None:
    """Raises ``PublishError`` when pictures are too small for a codec."""
    across, down = codec.least
    if width < across or height < down:
        raise PublishError(
            f"{codec.encoder} takes pictures of {across} x {down} pixels and more, not {width} x {height}. "
            "Make them larger with --height."
        )


def even(pixels: float) -> int:
    """The nearest even number, at least 2: half-size colour needs whole pixels."""
    return max(2 * round(pixels / 2), 2)


def credits_of(take: Take) -> dict[str, str]:
    """What a film says of itself: title, date, and from what, by what, with which seed it was made."""
    made = f"{take.scene}: {take.manifest.get('restorer', '')} from {take.origin}, lineage seed {take.seed}"
    said = ". ".join(filter(None, (made, kinship(take))))
    return {"title": take.title or take.name, "date": f"{take.started:%Y-%m-%d}", "comment": said}


def fine(light: Light, white: int = 65535) -> np.ndarray:
    """The nearest 16-bit sRGB codes of a picture, 0 to ``white``: H x W x 3 uint16.

    With the white of 16 bits, 8-bit codes come out as 257 times themselves.
    """
    codes = inverse(np.clip(light, 0.0, 1.0)) * white
    return np.ascontiguousarray(codes.round().astype(np.uint16))


def _first(lights: Iterable[Light]) -> tuple[Light | None, Iterator[Light]]:
    """The first picture, and all of them."""
    pictures = iter(lights)
    first = next(pictures, None)
    return first, pictures if first is None else itertools.chain([first], pictures)


def _on_the_wall(seen: Reel, shoot: Shoot) -> Iterator[Light]:
    """What the wall showed, drawn in the size of the film: letters are not enlarged."""
    first = next(takes.frames(seen.take), None)
    return on_the_wall(seen, shoot.codec.size(first.pixels.shape, shoot.height)) if first else iter(())


def _titled(lights: Iterable[Light], take: Take, seconds: float, shoot: Shoot) -> Iterator[Light]:
    """The title card in the size of the film, then the film out of the dark; nothing when there is no film."""
    first, lights = _first(lights)
    if first is not None:
        shown = card(take, *shoot.codec.size(first.shape, shoot.height))
        yield from opening(shown, seconds, shoot.rate)
        yield from risen(lights, shoot.rate)


def _written(
    path: Path, lights: Iterable[Light], shoot: Shoot, size: tuple[int, int], bed: Bed | None
) -> Iterator[int]:
    """Encode the pictures, telling after each how many are done."""
    import av

    os.environ.setdefault("SVT_LOG", "1")  # errors only: SVT-AV1 talks to the terminal and can be told in no other way
    container_format = shoot.codec.container
    with av.open(
        str(path),
        "w",
        format=container_format,
        options=MUXER[container_format],
        io_open=_pieces(path, container_format),
    ) as container:
        container.metadata.update(shoot.credits)
        stream = _stream(container, shoot, size)
        track = Track(container, shoot.codec.sound, bed) if bed else None
        for count, light in enumerate(lights, start=1):
            picture = _picture(light, count - 1, stream, shoot.codec)
            container.mux(stream.encode(picture))
            if track:
                track.follow(count / shoot.rate)
            yield count
        container.mux(stream.encode(None))
        if track:
            track.end()


def _pieces(path: Path, container_format: str) -> Callable[[str, int, dict[str, str]], BinaryIO] | None:
    """How a stream's list and pieces are opened: beside one another, whatever stands in the name of their folder."""
    if container_format != "hls":
        return None
    return lambda url, _flags, _options: path.with_name(Path(url).name).open("wb")


def _stream(container: av.container.OutputContainer, shoot: Shoot, size: tuple[int, int]) -> av.VideoStream:
    codec, rate = shoot.codec, shoot.rate
    options = {"g": str(KEY_SECONDS * rate), **codec.options}
    stream = cast("av.VideoStream", container.add_stream(codec.encoder, rate=rate, options=options))
    stream.height, stream.width = size
    stream.pix_fmt = codec.pixel_format
    stream.metadata["timecode"] = shoot.timecode
    context = stream.codec_context
    context.time_base = Fraction(1, rate)
    context.colorspace, context.color_range = BT709, LIMITED
    context.color_primaries = context.color_trc = BT709
    if codec.tag:
        context.codec_tag = codec.tag
    if codec.apart:
        context.thread_type = "FRAME"
    with priority.kept():
        context.open()
    return stream


def _picture(light: Light, turn: int, stream: av.VideoStream, codec: Codec) -> av.VideoFrame:
    """One picture of the film; 8 bits are dithered, finer ones need not be."""
    import av
    from av.video.reformatter import Interpolation

    pixels, pixel_format = (fine(light, SCALED_WHITE), "rgb48le") if codec.deep else (encode(light, turn), "rgb24")
    picture = av.VideoFrame.from_ndarray(pixels, format=pixel_format).reformat(
        width=stream.width,
        height=stream.height,
        format=codec.pixel_format,
        interpolation=Interpolation.LANCZOS | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
        dst_colorspace=BT709,
        src_color_range=FULL,
        dst_color_range=LIMITED,
    )
    picture.color_primaries = picture.color_trc = BT709  # ProRes takes its tags from here
    picture.pts = turn
    return picture
