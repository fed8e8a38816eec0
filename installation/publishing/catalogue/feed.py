"""The feed: Atom (RFC 4287), so that whoever wants to hears of every new take."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from installation.machine.settings import CatalogueSettings
    from installation.publishing.catalogue.leaf import Leaf
    from installation.recording.takes import Take

ATOM = "http://www.w3.org/2005/Atom"
NAMES = uuid.UUID("5b0f6f0e-8f3d-5c57-9c0e-6a7e5b75f00d")  # of our entries: the same take always has the same
MOST = 50  # entries: readers ask again and again
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def feed(leaves: Sequence[Leaf], imprint: CatalogueSettings) -> str:
    """The feed of the newest fifty takes, ``leaves`` newest first. Links are whole where the imprint has an ``url``."""
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")
    place = (imprint.url or "").rstrip("/") + "/" if imprint.url else ""
    _add(root, "id", _name(imprint.title, imprint.url or ""))
    _add(root, "title", imprint.title)
    _add(root, "updated", max((_changed(leaf.take) for leaf in leaves), default=EPOCH).isoformat())
    _add(_add(root, "author"), "name", imprint.artist or imprint.title)
    _add(root, "link", rel="self", href=f"{place}feed.xml")
    _add(root, "link", rel="alternate", href=f"{place}index.html")
    if imprint.licence:
        _add(root, "rights", imprint.licence)
    for leaf in leaves[:MOST]:
        _enter(root, leaf, place)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _enter(root: ET.Element, leaf: Leaf, place: str) -> None:
    entry, take = _add(root, "entry"), leaf.take
    _add(entry, "id", _name(take.name, take.started.isoformat()))
    _add(entry, "title", leaf.title)
    _add(entry, "published", take.started.isoformat())
    _add(entry, "updated", _changed(take).isoformat())
    _add(entry, "link", rel="alternate", type="text/html", href=f"{place}takes/{quote(leaf.name)}.html")
    if leaf.film:
        film = f"{place}takes/{quote(leaf.name)}/{leaf.film}"
        _add(entry, "link", rel="enclosure", type="video/mp4", href=film)
    origin = f" from {take.origin}" if take.origin else ""
    _add(entry, "summary", f"{leaf.generations} generations{origin}, restored by {take.manifest.get('restorer')}.")


def _add(above: ET.Element, tag: str, words: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(above, f"{{{ATOM}}}{tag}", attributes)
    if words is not None:
        element.text = "".join(each for each in words if each >= " ")  # control characters are no XML
    return element


def _changed(take: Take) -> datetime:
    return take.ended or take.started


def _name(*parts: str) -> str:
    return uuid.uuid5(NAMES, "\n".join(parts)).urn
