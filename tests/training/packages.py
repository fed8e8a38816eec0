"""Small real archives, and a server for them on this machine."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import numpy as np
from PIL import Image as Pillow

from tests.support import at_work

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><circle cx="5" cy="5" r="4" fill="red"/></svg>'


def noise(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def picture(pixels, kind="PNG"):
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, kind)
    return file.getvalue()


def tarball(files: Mapping[str, bytes], compression: Literal["gz", "xz"] = "gz", folder="."):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz" if compression == "xz" else "w:gz") as tar:
        link = tarfile.TarInfo(f"{folder}/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "elsewhere.png"
        tar.addfile(link)
        for name, data in files.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def deb(files: Mapping[str, bytes], compression: Literal["gz", "xz"] = "xz"):
    """A Debian package, as ar(5) and deb(5) describe it."""
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": tarball({}),
        f"data.tar.{compression}": tarball(files, compression),
    }
    packed = b"!<arch>\n"
    for name, data in parts.items():
        packed += (
            f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
        )
    return packed


def bundle(files: Mapping[str, bytes]):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return packed.getvalue()


def resources(files: Mapping[str, tuple[bytes, bool]]):
    """Qt resources of version 3 with all files in one folder; the flag says whether a file is deflated."""
    names, data = b"", b""
    nodes = [struct.pack(">IHII", 0, 2, 1, 1), struct.pack(">IHII", 0, 2, len(files), 2)]
    words = ["folder", *files]
    offsets = []
    for word in words:
        offsets.append(len(names))
        names += struct.pack(">HI", len(word), 0) + word.encode("utf-16-be")
    nodes[1] = struct.pack(">IHII", offsets[0], 2, len(files), 2)
    for offset, (content, deflated) in zip(offsets[1:], files.values(), strict=True):
        stored = struct.pack(">I", len(content)) + zlib.compress(content) if deflated else content
        nodes.append(struct.pack(">IHHHI", offset, int(deflated), 0, 0, len(data)))
        data += struct.pack(">I", len(stored)) + stored
    tree = b"".join(node + bytes(8) for node in nodes)  # version 2 brought a time stamp
    return b"qres" + struct.pack(">IIIII", 3, 24, 24 + len(tree), 24 + len(tree) + len(data), 0) + tree + data + names


def icon_set(**icons: str):
    return json.dumps(
        {"prefix": "toy", "width": 20, "height": 10, "icons": {k: {"body": v} for k, v in icons.items()}}
    ).encode()


def squeezed(text):
    return gzip.compress(text.encode())


def sum_of(data):
    return hashlib.sha256(data).hexdigest()


class Registry(ThreadingHTTPServer):
    """A registry on this machine: files by path, what was asked of it, and how it misbehaves."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.asked: list[tuple[str, str | None]] = []
        self.breaks_after: int | None = None  # bytes of one answer
        self.resumes = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Range"]))
        data = self.server.files.get(self.path)
        if data is None:
            self.send_error(404)
            return
        begin = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")) if self.server.resumes else 0
        self.send_response(206 if self.server.resumes else 200)
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        self.wfile.write(data[begin:][: self.server.breaks_after])

    def log_message(self, *_: object) -> None:
        """Say nothing: the tests read what was asked."""


@contextlib.contextmanager
def served(files: dict[str, bytes]) -> Iterator[Registry]:
    registry = Registry(files)
    with at_work(registry):
        yield registry
