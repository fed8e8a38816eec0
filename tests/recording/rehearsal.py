"""Takes made without an engine: a picture that burns, is restored and forgets, recorded by the real writer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from installation.machine.settings import RecordingSettings
from installation.recording import takes
from installation.recording.takes import Take
from installation.recording.writing import Beginning, Writing
from installation.records import Frame, Generation, Message, Showing

MANIFEST = {
    "title": "Machine dementia",
    "scene": "machine-dementia",
    "scene_text": 'title = "Machine dementia"\n',
    "origin": "owl.webp",
    "seed": 2**63 - 25,
    "restorer": "archive",
    "digest": "ab" * 32,
    "version": "0.1.0",
}
SETTINGS = RecordingSettings(reserve_bytes=0)
STEP_NS = 50_000_000  # 20 frames per second
TURN: tuple[Showing, ...] = ("burn", "burn", "restore", "generation")


def noise(serial: int, height: int = 64, width: int = 64):
    """H x W x 3 uint8 pixels that differ for every serial."""
    return np.random.default_rng(serial).integers(0, 256, (height, width, 3), np.uint8)


def frame(serial: int, pixels=None, *, stamp_ns: int | None = None) -> Frame:
    """The frame of this serial of an endless performance that begins with an origin."""
    turn, step = divmod(serial - 2, len(TURN))  # serial 1 gives -1 and the last step: the origin
    heat = 0.1 * (step + 1) if serial > 1 else 0.0
    shown = noise(serial) if pixels is None else pixels
    return Frame(serial, stamp_ns or serial * STEP_NS, turn + 1, TURN[step], heat, shown)


def frames(count: int) -> Iterator[Frame]:
    """The first frames of that performance."""
    return map(frame, range(1, count + 1))


def generation(serial: int) -> Generation:
    """What the engine reports of a generation: it remembers a hundredth less every time."""
    readings = {"entropy": 7.0, "memory": 1.0 - serial / 100}
    return Generation(serial, serial - 1, 7, "machine-dementia", "gaussian", 0.3, {}, readings, "00", 0.2)


def beginning(folder: Path, after: int = 0) -> Beginning:
    """The order to begin a take."""
    return Beginning(folder, MANIFEST, "owl.webp", after)


def rehearse(folder: Path, recorded: Iterator[Frame], settings: RecordingSettings = SETTINGS) -> Take:
    """A complete take of these frames, with a line in the log for every generation."""
    writing = Writing(beginning(folder), settings)
    for one in recorded:
        writing.add(one)
        if one.phase == "generation" and one.generation:
            writing.note({"generation": dataclasses.asdict(generation(one.generation))})
    writing.note({"message": dataclasses.asdict(Message("/burn/gaussian/temperature", (0.4,), "osc", 5))})
    writing.end("Stopped on request.")
    return takes.load(folder)
