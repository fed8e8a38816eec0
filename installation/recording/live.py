"""The piece as a live stream: pieces of two seconds and their list (HLS) in a folder that any web server can serve.

Nothing is served from here, and nothing is kept: the folder holds the last minute. It is off unless a folder is named.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from installation.machine.files import StorageError, require_writable
from installation.recording.segment import BT709, LIMITED, TICKS, Codec, picture_of, said_of, stream_of

if TYPE_CHECKING:
    from installation.records import Frame

LIST, PIECE, PIECES = "live.m3u8", "live-%06d.ts", "live-[0-9]*.ts*"  # the last also finds what was half written
KEY_TICKS = 2 * TICKS  # between two pictures at which a player may begin
H264 = Codec(
    "libx264",
    "yuv420p",  # what browsers decode
    BT709,
    BT709,
    LIMITED,
    {"preset": "veryfast", "tune": "zerolatency", "crf": "23", "maxrate": "4M", "bufsize": "8M", "forced-idr": "1"},
)
MUXER = {
    "hls_time": "2",
    "hls_list_size": "30",
    "hls_delete_threshold": "5",  # pieces that somebody may still be reading
    # Appended to what is there, after a rebirth too; and each file appears when it is whole.
    "hls_flags": "delete_segments+append_list+discont_start+independent_segments+program_date_time+temp_file",
}


class Live:
    """A stream being written. ``last`` is the serial of the last frame in it."""

    def __init__(self, folder: Path, after: int) -> None:
        """Write into this folder whatever comes after a frame. Raises ``StorageError`` where that cannot be."""
        if "%" in str(folder):
            raise StorageError(f"{folder}: FFmpeg takes the % for a number. Choose another recording.hls.")
        self._folder, self.last = require_writable(folder), after
        with said_of(folder):
            _sweep(folder)
        self._shape: tuple[int, ...] = ()
        self._began_ns = 0
        self._pts = self._key = -KEY_TICKS

    def add(self, frame: Frame) -> None:
        """Stream one picture. Pictures of another size begin the stream anew. Raises ``StorageError``."""
        self.last = frame.serial
        if frame.pixels.shape != self._shape:
            self.close()
            self._open(frame)
        pts = max(self._pts + 1, (frame.stamp_ns - self._began_ns) * TICKS // 10**9)
        picture = picture_of(frame.pixels, H264)
        picture.pts, picture.time_base = pts, Fraction(1, TICKS)
        if pts - self._key >= KEY_TICKS:
            picture.pict_type, self._key = 1, pts  # an I picture: the next piece begins with it
        with said_of(self._folder):
            self._container.mux(self._stream.encode(picture))
        self._pts = pts

    def close(self) -> None:
        """End the stream; players that follow it are told. Raises ``StorageError`` when the end cannot be written."""
        if self._shape:
            self._shape = ()
            with said_of(self._folder):
                self._container.mux(self._stream.encode(None))
                self._container.close()

    def _open(self, first: Frame) -> None:
        import av

        pieces = {"hls_segment_filename": str(self._folder / PIECE)}
        with said_of(self._folder):
            self._container = av.open(str(self._folder / LIST), "w", format="hls", options={**MUXER, **pieces})
            self._stream = stream_of(self._container, H264, first.pixels)
        self._shape, self._began_ns, self._pts, self._key = first.pixels.shape, first.stamp_ns, -1, -KEY_TICKS


def _sweep(folder: Path) -> None:
    """Remove what earlier lives left and the list does not name: whoever was to delete it in time is gone."""
    written = folder / LIST
    listed = set(written.read_text(encoding="utf-8").splitlines()) if written.exists() else set()
    for piece in folder.glob(PIECES):
        if piece.name not in listed:
            piece.unlink(missing_ok=True)
