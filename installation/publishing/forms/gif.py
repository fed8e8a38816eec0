"""GIF: the loop that even an e-mail shows; 256 colours chosen anew for every picture."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.animation import Bounds, Sheaf, animated, scaled, track
from installation.publishing.forms.registry import Wishes, form

if TYPE_CHECKING:
    import av

    from installation.publishing.film import Progress
    from installation.recording.takes import Take

BOUNDS = Bounds(side=480, rate=10, total_bytes=8_000_000)  # a tenth of a second: GIF counts in hundredths
PALETTE = "stats_mode=single:reserve_transparent=0"  # pictures that burn change all their colours
DITHER = "new=1:dither=sierra2_4a"


@form("gif", "-loop.gif", "gif")
def gif(take: Take, path: Path, wishes: Wishes, progress: Progress) -> Path:
    """Loop: GIF with a palette for every picture, at most 480 pixels and 8 MB."""
    return animated(take, path, BOUNDS, written, seconds=wishes.loop, progress=progress)


def written(path: Path, sheaf: Sheaf) -> Iterator[int]:
    """Write a GIF that repeats for ever, telling after each picture how many are done."""
    import av

    with av.open(str(path), "w", format="gif", options={"loop": "0"}) as container:
        stream = track(container, "gif", "pal8", sheaf, {})
        graph = painter(sheaf)
        for count, pixels in enumerate(sheaf.pictures, start=1):
            picture = scaled(pixels, sheaf)
            picture.pts, picture.time_base = count - 1, Fraction(1, sheaf.rate)
            graph.push(picture)
            for painted in _ready(graph):
                container.mux(stream.encode(painted))
            yield count
        graph.push(None)
        for painted in _ready(graph):
            container.mux(stream.encode(painted))
        container.mux(stream.encode(None))


def painter(sheaf: Sheaf) -> av.filter.Graph:
    """FFmpeg's palettegen and paletteuse: each picture's own 256 colours (Heckbert's median cut), and their dither."""
    import av

    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=sheaf.width, height=sheaf.height, format=av.VideoFormat("rgb24"), time_base=Fraction(1, sheaf.rate)
    )
    split, palette = graph.add("split"), graph.add("palettegen", PALETTE)
    paint, sink = graph.add("paletteuse", DITHER), graph.add("buffersink")
    source.link_to(split)
    split.link_to(paint, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(paint, 0, 1)
    paint.link_to(sink)
    graph.configure()
    return graph


def _ready(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    """What the filters have finished by now."""
    import av

    while True:
        try:
            yield graph.pull()  # type: ignore[misc] # a graph of pictures
        except (av.error.BlockingIOError, av.error.EOFError):
            return
