"""Capture: pictures from a device, a file or a stream, through OpenCV; and the square that the loop takes of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.errors import Refusal

if TYPE_CHECKING:
    from installation.records import Pixels

Source = int | str
FILM_RATE = 25.0  # frames a second of a film that does not say
OPENING, READING = 5000, 5000  # milliseconds a stream may take; a device that takes longer is the supervisor's


class CaptureError(Refusal):
    """A source that cannot be opened, or gives nothing any more."""


class Capture:
    """An open source. Reading may hang in a driver: this belongs into a process that can be ended."""

    def __init__(self, source: Source, now: float) -> None:
        """Open a device by its number, a file or a stream by its name. Raises ``CaptureError``."""
        self.is_film = isinstance(source, str) and Path(source).is_file()
        self._source, self._began, self._shown = source, now, -1
        self._video = _open(source)
        self._rate = _rate(self._video)

    def skip(self) -> None:
        """Let a device's or stream's frame go by: what is read next is then the newest. A film stands still."""
        if not (self.is_film or self._video.grab()):
            raise CaptureError(f"The camera {self._source} gives nothing any more.")

    def read(self, now: float) -> Pixels:
        """The picture of this moment (seconds), H x W x 3 uint8 RGB; a film begins again at its end.

        Raises ``CaptureError`` when there is none any more.
        """
        if self.is_film:
            self._wind(now)
        else:
            self.skip()
        there, picture = self._video.retrieve()
        if not there or picture.ndim != 3:  # noqa: PLR2004 - rows, columns, colours
            raise CaptureError(f"The camera {self._source} gives nothing that can be read.")
        pixels: Pixels = picture[:, :, ::-1]
        return pixels

    def close(self) -> None:
        """Let go of the source."""
        self._video.release()

    def _wind(self, now: float) -> None:
        """Go on to the frame of this moment, one at least; from the end to the beginning."""
        wanted = max(int((now - self._began) * self._rate), self._shown + 1)
        while self._shown < wanted:
            if not self._video.grab():
                self._rewind(now)
                return
            self._shown += 1

    def _rewind(self, now: float) -> None:
        self.close()
        self._video, self._began, self._shown = _open(self._source), now, 0
        if not self._video.grab():
            raise CaptureError(f"The film {self._source} has no picture that can be read.")


def square(pixels: Pixels, side: int) -> Pixels:
    """The middle square of a picture, ``side`` x ``side`` x 3: averaged where it shrinks, cubic where it grows."""
    import cv2

    height, width = pixels.shape[:2]
    least = min(height, width)
    top, left = (height - least) // 2, (width - least) // 2
    middle = pixels[top : top + least, left : left + least].copy()
    method = cv2.INTER_AREA if side < least else cv2.INTER_CUBIC
    resized: Any = middle if side == least else cv2.resize(middle, (side, side), interpolation=method)
    return resized  # type: ignore[no-any-return] # OpenCV's types are wider than what it gives


def _open(source: Source) -> Any:
    import cv2

    if isinstance(source, int):
        if not Path(f"/dev/video{source}").exists():
            raise CaptureError(f"There is no camera {source}. Plug it in; `ls /dev/video*` lists what is there.")
        video = cv2.VideoCapture(source, cv2.CAP_V4L2)
    else:
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPENING, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READING]
        video = cv2.VideoCapture(source, cv2.CAP_FFMPEG, limits)
    if not video.isOpened():
        video.release()
        raise CaptureError(f"The camera {source!r} cannot be opened. It takes a device's number, a film or a stream.")
    return video


def _rate(video: Any) -> float:
    import cv2

    rate = float(video.get(cv2.CAP_PROP_FPS))
    return rate if 1.0 <= rate <= 240.0 else FILM_RATE  # noqa: PLR2004 - anything else is a broken header
