"""The only door of the training room to the network: one file by its address, resumed where it broke off, checked.

Proxies and certificates are the user's own (``https_proxy``, ``SSL_CERT_FILE``), as Python's ``urllib`` reads them.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from installation.errors import Refusal

log = logging.getLogger(__name__)

PATIENCE = 60.0  # seconds without a byte before a server is given up
ATTEMPTS = 5  # connections a file may take: long downloads do break off
CHUNK = 2**18  # bytes


class DownloadError(Refusal):
    """A file that could not be had, with what to do about it."""


def fetch(url: str, into: Path, size: int, sha256: str, arrived: Callable[[int], None] = lambda _: None) -> Path:
    """The file at ``url``, ``size`` bytes, in ``into``; ``arrived`` is told how many bytes are there so far.

    A file that is there already is checked and not fetched again; a download that broke off goes on where it stopped.
    Raises ``DownloadError`` when there is no network, no such file, or when the sum is not ``sha256``.
    """
    if into.is_file():
        _check(into, sha256, f"Delete {into} and try again.")
        arrived(size)
        return into
    part = into.with_name(into.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(ATTEMPTS):
        if _there(part) >= size:
            break
        _go_on(url, part, arrived)
    if _there(part) < size:
        raise DownloadError(f"{url} broke off {ATTEMPTS} times. What has come is kept: start again to go on.")
    try:
        _check(part, sha256, "It may have been replaced at its source; do not use it.")
    except DownloadError:
        part.unlink()
        raise
    return part.replace(into)


def _there(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _go_on(url: str, part: Path, arrived: Callable[[int], None]) -> None:
    """Append what is missing, or all of it from a server that cannot begin in the middle."""
    begun = _there(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={begun}-"})  # noqa: S310 - a recipe knows http only
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - the same
            resumed = answer.status == http.client.PARTIAL_CONTENT
            with part.open("ab" if resumed else "wb") as file:
                while chunk := answer.read(CHUNK):
                    file.write(chunk)
                    arrived(file.tell())
    except urllib.error.HTTPError as error:
        raise DownloadError(
            f"{url}: the server says {error.code} {error.reason}. The file may have moved: give a --mirror that has it."
        ) from error
    except urllib.error.URLError as error:
        raise DownloadError(
            f"{url} cannot be reached ({error.reason}). Connect to the network, or set https_proxy, and start again: "
            "what has come is kept."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        log.warning("%s broke off after %d bytes (%s); going on.", url, _there(part), error)


def _check(file: Path, sha256: str, advice: str) -> None:
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != sha256:
        raise DownloadError(f"{file.name} is not what the recipe names: its sha256 is {found}, not {sha256}. {advice}")
