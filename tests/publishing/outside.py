"""What tools that are not ours say of a published file."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffprobe"), reason="ffprobe is in Debian's ffmpeg")
needs_imagemagick = pytest.mark.skipif(not shutil.which("identify"), reason="identify is in Debian's imagemagick")


def ffprobe(path: Path, *, count: bool = True) -> dict[str, Any]:
    """Streams and container, with the pictures counted by decoding them."""
    counting = ["-count_frames"] if count else []
    told = ran("ffprobe", "-v", "error", *counting, "-show_streams", "-show_format", "-of", "json", path)
    return dict(json.loads(told))


def streamed(address: str, seconds: float = 2.0) -> dict[str, Any]:
    """What a player finds that joins a live stream and watches it for so many seconds of it; nothing is waited for."""
    packets = ["-show_packets", "-read_intervals", f"%+{seconds:g}"]
    return dict(json.loads(ran("ffprobe", "-v", "error", "-show_streams", *packets, "-of", "json", address)))


def identify(path: Path, what: str) -> list[str]:
    """One line for each picture in a file, in ImageMagick's format letters."""
    if path.suffix == ".exr" and b"OpenEXR" not in ran("identify", "-list", "format"):
        pytest.skip("ImageMagick reads EXR with Debian's libmagickcore-6.q16-6-extra")
    return ran("identify", "-quiet", "-format", what + "\\n", path).decode().splitlines()


def decoded(path: Path, pixel_format: str) -> bytes:
    """All pictures of a file as Debian's FFmpeg reads them."""
    return ran(
        "ffmpeg",
        "-v",
        "error",
        "-i",
        path,
        "-map",
        "0:v:0",
        "-sws_flags",
        "accurate_rnd+full_chroma_int",
        "-f",
        "rawvideo",
        "-pix_fmt",
        pixel_format,
        "-",
    )


def ran(*command: object) -> bytes:
    """What a tool writes; it must succeed."""
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=120).stdout
