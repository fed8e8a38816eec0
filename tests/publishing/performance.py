"""Takes of the real loop, played without an engine: a second each generation, recorded by the real writer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from installation import images
from installation.knobs import understood
from installation.loop.generation import turns
from installation.loop.glimpse import Outside, blind
from installation.loop.lineage import Lineage, to_bytes
from installation.machine.files import share
from installation.recording import takes
from installation.recording.takes import Take
from installation.recording.writing import Beginning, Writing
from installation.records import Frame
from installation.restorers.shelf import load
from tests.recording.rehearsal import SETTINGS

SECOND = 1_000_000_000
ORIGIN = "astronaut.png"
#: Quick, and no two pictures alike: two stages of burning, one step, little noise.
KNOBS = {"/burn/gaussian/temperature": 0.2, "/loop/stages": 2, "/restore/steps": 1}

Knobs = Callable[[int], Mapping[str, float | int | bool | str]]


@dataclasses.dataclass(frozen=True)
class Piece:
    """What is played: for how long, with whom, how large, and with which knobs at each generation."""

    generations: int = 4
    restorer: str = "none"
    size: int = 64
    seed: int = 7
    grid: int = 1
    knobs: Knobs = lambda serial: {}  # noqa: ARG005 - a default
    outside: Outside = blind
    rest: Mapping[int, float] = dataclasses.field(default_factory=dict)  # seconds asleep before a generation
    scene_text: str = 'title = "Astronaut"\nprompt = "a cat"\n'


def performed(folder: Path, piece: Piece = Piece()) -> Take:
    """A complete take: its pictures, its log, and the lineage that it begins with."""
    restorer = load(piece.restorer, None, None, "cpu")
    cell = images.to_tensor(images.load(share("assets") / "origins" / ORIGIN, *[piece.size // piece.grid] * 2))
    lineage = Lineage.begin("astronaut", piece.seed, cell.tile(1, 1, piece.grid, piece.grid))
    writing = Writing(Beginning(folder, _manifest(piece, restorer.digest), ORIGIN, 0), SETTINGS)
    (folder / "lineage-000.safetensors").write_bytes(to_bytes(lineage))

    def values(serial: int) -> Mapping[str, float]:
        return understood({**KNOBS, **piece.knobs(serial)})

    moments = turns(lineage, restorer, values, lambda: 0.0, outside=piece.outside)
    now, shown = SECOND, 1
    writing.add(_frame(1, now, lineage, "generation", 0.0))
    for moment in moments:
        if moment.share == 1.0 / (2 + 1 + 1):
            now += round(piece.rest.get(lineage.serial, 0.0) * SECOND)
        shown += 1
        stamp = now + round(moment.share * SECOND)
        frame = Frame(shown, stamp, lineage.serial, moment.phase, moment.temperature, images.to_pixels(moment.image))
        writing.add(frame)
        if moment.generation:
            now = stamp
            writing.note({"at_ns": stamp + 1000, "generation": dataclasses.asdict(moment.generation)})
        if lineage.serial == piece.generations and moment.generation:
            break
    writing.end("Stopped on request.")
    return takes.load(folder)


def _frame(serial, stamp, lineage, phase, temperature):
    return Frame(serial, stamp, lineage.serial, phase, temperature, images.to_pixels(lineage.present))


def _manifest(piece: Piece, digest: str) -> dict[str, object]:
    return {
        "title": "Astronaut",
        "scene": "astronaut",
        "scene_text": piece.scene_text,
        "origin": ORIGIN,
        "seed": piece.seed,
        "restorer": piece.restorer,
        "model": None,
        "digest": digest,
        "size": piece.size,
        "grid": piece.grid,
        "serial": 0,
        "threads": torch.get_num_threads(),
        "version": "0.1.0",
    }
