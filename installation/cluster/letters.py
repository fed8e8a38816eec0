"""What travels between an envoy and an engine elsewhere: records of our own and bytes, nothing else."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image as Pillow

from installation.machine.files import write_whole
from installation.records import Order, Report

if TYPE_CHECKING:
    from installation.machine.settings import EngineSettings
    from installation.records import Frame, Pixels, Showing

Coding = Literal["jpeg", "png", "raw"]
QUICK = 1  # of PNG's levels of compression: noise gets no smaller by trying harder


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A frame as it travels. ``stamp_ns`` is Unix time, which machines share: their monotonic clocks are their own."""

    generation: int
    phase: Showing
    temperature: float
    stamp_ns: int
    height: int
    width: int
    coding: Coding
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Letter:
    """An order with the files that it names: the other machine need not have them. ``files``: by key of its data."""

    order: Order
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Dispatch:
    """What came of an engine since the last one: pictures, oldest first, then what it reported.

    A finished generation comes whole or not at all: its picture, its report and the ``checkpoint`` to go on from are
    in the same dispatch. ``vitals`` are the engine's own, its beat on its own clock; ``glimpses`` are pictures from
    outside that its generations name.
    """

    pictures: tuple[Picture, ...]
    reports: tuple[Report, ...]
    vitals: Mapping[str, float]
    checkpoint: bytes | None = None
    glimpses: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def is_news(self) -> bool:
        """Whether there is more in it than how the engine is."""
        return bool(self.pictures or self.reports or self.checkpoint is not None or self.glimpses)


@dataclass(frozen=True, slots=True, eq=False)
class Commission:
    """What an engine elsewhere begins with: its settings, where the knobs stand, and the copies to recall from."""

    engine: EngineSettings
    knobs: Mapping[str, float]
    copies: tuple[bytes, ...]
    coding: Coding
    quality: int


def packed(frame: Frame, coding: Coding, quality: int, stamp_ns: int) -> Picture:
    """A frame, ready to travel. JPEG keeps colours in full: a burning picture is all colour."""
    height, width, _ = frame.pixels.shape
    return Picture(
        frame.generation,
        frame.phase,
        frame.temperature,
        stamp_ns,
        height,
        width,
        coding,
        _coded(frame.pixels, coding, quality),
    )


def unpacked(picture: Picture) -> Pixels:
    """The pixels of a picture, H x W x 3 uint8. Raises ``ValueError`` or ``OSError`` for what is none."""
    if picture.coding == "raw":
        return np.frombuffer(picture.data, np.uint8).reshape(picture.height, picture.width, 3)
    with Pillow.open(io.BytesIO(picture.data), formats=("JPEG", "PNG")) as opened:
        return np.asarray(opened)


def enclosed(order: Order) -> Letter:
    """An order with its files. One that cannot be read is left to the engine, which says so."""
    data = order.data
    wanted = {"origin": data["scene"].origin} if order.name == "play" else {}
    wanted |= {"path": Path(data["path"])} if order.name == "adopt" else {}
    return Letter(order, {key: (path.name, path.read_bytes()) for key, path in wanted.items() if path.is_file()})


def opened(letter: Letter, folder: Path) -> Order:
    """The order, naming the files as they lie in ``folder`` now. Raises ``StorageError`` where there is no room."""
    order = letter.order
    laid = {key: _laid(folder, name, data) for key, (name, data) in letter.files.items()}
    if "origin" in laid:
        return replace(order, data={**order.data, "scene": replace(order.data["scene"], origin=laid["origin"])})
    return replace(order, data={**order.data, **laid})


def _laid(folder: Path, name: str, data: bytes) -> Path:
    path = folder / f"{hashlib.blake2b(data, digest_size=8).hexdigest()}-{Path(name).name}"
    if not path.exists():
        write_whole(path, data)
    return path


def _coded(pixels: Pixels, coding: Coding, quality: int) -> bytes:
    if coding == "raw":
        return pixels.tobytes()
    into = io.BytesIO()
    if coding == "png":
        Pillow.fromarray(pixels).save(into, "PNG", compress_level=QUICK)
    else:
        Pillow.fromarray(pixels).save(into, "JPEG", quality=quality, subsampling=0)
    return into.getvalue()
