"""A bed of sound under a film: a recording, begun again as often as it takes and cut where the picture ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from installation.publishing.whole import PublishError

if TYPE_CHECKING:
    import av

RATE = 48_000  # samples a second: what film and video use
LAYOUT, CHANNELS = "stereo", 2
FADE = 0.5  # seconds at the end: a cut in mid-wave clicks
CONTAINERS = {"wav", "w64", "aiff", "flac", "ogg", "mp3"}  # none of them can name another file, as playlists do

#: Channels x samples, float32, -1 to 1.
Samples = np.ndarray[tuple[int, int], np.dtype[np.float32]]


class Bed:
    """A recording as an endless stream of stereo samples at 48 kHz, to fade out at the end of ``seconds``."""

    def __init__(self, path: Path, seconds: float) -> None:
        """Open it. Raises ``PublishError`` when no sound can be read from the file."""
        self._blocks, self._rest = _endless(path), np.zeros((CHANNELS, 0), np.float32)
        self._end, self.given = round(seconds * RATE), 0
        self._rest = next(self._blocks)

    def until(self, seconds: float) -> Samples:
        """The samples from where the last call ended until this time of the film."""
        wanted = max(round(seconds * RATE) - self.given, 0)
        blocks = [self._rest]
        while sum(block.shape[1] for block in blocks) < wanted:
            blocks.append(next(self._blocks))
        joined = np.concatenate(blocks, axis=1)
        self._rest = joined[:, wanted:]
        left = self._end - self.given - np.arange(wanted)
        self.given += wanted
        return (joined[:, :wanted] * np.clip(left / (FADE * RATE), 0.0, 1.0)).astype(np.float32)


class Track:
    """The sound of a film that is being written: follows the picture, so that neither waits for the other."""

    def __init__(self, container: av.container.OutputContainer, encoder: str, bed: Bed) -> None:
        """Add a track to a film; must happen before its first picture."""
        self._container, self._bed = container, bed
        self._stream: av.AudioStream = container.add_stream(encoder, rate=RATE, layout=LAYOUT)  # type: ignore[assignment] # by name

    def follow(self, seconds: float) -> None:
        """Write the sound up to this time of the film."""
        import av

        pts = self._bed.given
        samples = np.ascontiguousarray(self._bed.until(seconds))
        if samples.size:
            block = av.AudioFrame.from_ndarray(samples, format="fltp", layout=LAYOUT)
            block.sample_rate, block.pts = RATE, pts
            self._container.mux(self._stream.encode(block))

    def end(self) -> None:
        """Write what the encoder still holds."""
        self._container.mux(self._stream.encode(None))


def _endless(path: Path) -> Iterator[Samples]:
    while True:
        heard = 0
        for block in _once(path):
            heard += block.shape[1]
            yield block
        if not heard:
            raise PublishError(f"{path}: no sound can be read from it. Give a WAV or FLAC file with --audio.")


def _once(path: Path) -> Iterator[Samples]:
    """The recording from its beginning to its end, or to where it is damaged."""
    import av

    with contextlib.suppress(av.error.FFmpegError), av.open(str(path.absolute())) as container:
        if container.format.name not in CONTAINERS or not container.streams.audio:
            return
        resampler = av.AudioResampler(format="fltp", layout=LAYOUT, rate=RATE)
        for block in container.decode(audio=0):
            yield from map(_samples, resampler.resample(block))
        yield from map(_samples, resampler.resample(None))


def _samples(piece: av.AudioFrame) -> Samples:
    return cast("Samples", piece.to_ndarray())
