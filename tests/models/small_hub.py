"""A hub on this machine: one repository in the hub's own manner, what was asked of it, and how it misbehaves."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.support import at_work

REPOSITORY, COMMIT = "somebody/tiny", "0123456789abcdef0123456789abcdef01234567"
LARGE = 1000  # bytes from which a file is kept by its SHA-256


class SmallHub(ThreadingHTTPServer):
    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = dict(files)
        self.listed = {"id": REPOSITORY, "sha": COMMIT, "siblings": [entry(*each) for each in files.items()]}
        self.asked: list[tuple[str, str, str | None]] = []
        self.breaks_after: int | None = None  # bytes of one answer
        self.gated = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def fetched(self) -> list[str]:
        """The files whose content was asked for."""
        return [path for method, path, _ in self.asked if method == "GET" and path in self.files]


def entry(path: str, data: bytes) -> dict[str, object]:
    told = {"rfilename": path, "size": len(data), "blobId": hashlib.sha1(blob(data), usedforsecurity=False).hexdigest()}
    if len(data) < LARGE:
        return told
    return told | {"lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 100}}


def blob(data: bytes) -> bytes:
    return b"blob %d\0" % len(data) + data


class _Handler(BaseHTTPRequestHandler):
    server: SmallHub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = urlsplit(self.path).path
        name = path.removeprefix(f"/{REPOSITORY}/resolve/{COMMIT}/")
        self.server.asked.append((self.command, name, self.headers["Range"]))
        if self.server.gated:
            self._refuse(403, "GatedRepo")
        elif path == f"/api/models/{REPOSITORY}/revision/{COMMIT}":
            self._send(json.dumps(self.server.listed).encode(), body=body)
        elif name in self.server.files:
            self._send(self.server.files[name], body=body)
        else:
            self._refuse(404, "RevisionNotFound" if REPOSITORY in path else "RepoNotFound")

    def _send(self, data: bytes, *, body: bool) -> None:
        begin = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.send_response(206 if begin else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        if body:
            self.wfile.write(data[begin:][: self.server.breaks_after])

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the tests read what was asked."""


@contextlib.contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[SmallHub]:
    hub = SmallHub(files)
    with at_work(hub):
        yield hub
