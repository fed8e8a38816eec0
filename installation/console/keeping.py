"""Keeping: how the piece stands now, written as a scene of this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from installation import melting, scenes
from installation.errors import Refusal
from installation.machine.files import share, write_atomically
from installation.scenes import CAMERA

if TYPE_CHECKING:
    from installation.knobs import Knob, Setting
    from installation.scenes import Scene

LONGEST_TITLE = 80  # letters
_HEADER = re.compile(r"^\[+\s*\"?([\w-]+)")
_LAYERS = ("cue", "overlay", "modulate")
NEVER = frozenset({"/stage/black", "/stage/hold", "/stage/pattern"})  # moments, not the piece


class KeepingError(Refusal):
    """A present state that cannot be kept as a scene."""


def keep(title: str, scene: Scene, knobs: Mapping[str, Knob], values: Mapping[str, Setting], state: Path) -> str:
    """Write the present state into the machine's own scenes, and return the scene's name.

    Every knob that stands elsewhere than its default is written as a constant; cues, overlays and modulators are those
    of the scene that plays. What is written was checked as any scene is. Raises ``KeepingError`` for a title without
    letters or one the house's own scenes have, ``SceneError`` and ``StorageError``.
    """
    name = slug(title)
    if (share("scenes") / f"{name}.toml").exists():
        raise KeepingError(f"{name} is a scene of the house. Choose another title.")
    own = {at: values[at] for at, each in knobs.items() if at in values and values[at] != each.show(each.default)}
    path = state / scenes.OWN / f"{name}.toml"
    words = text(replace(scene, title=title.strip()), {at: value for at, value in own.items() if at not in NEVER})
    draft = path.with_name(f".{name}.draft")
    write_atomically(draft, words)
    try:
        scenes.load(draft, knobs, share("assets"), measured=state / melting.NAME)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return name


def slug(title: str) -> str:
    """A title as a file's name. Raises ``KeepingError`` for one without letters."""
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if not name or len(title) > LONGEST_TITLE:
        raise KeepingError(f"Give the scene a title of letters and digits, {LONGEST_TITLE} at most.")
    return name


def text(scene: Scene, values: Mapping[str, Setting]) -> str:
    """A scene's TOML: its header, these values as constants, and the layers of its own text as they stand there."""
    header = {
        "title": scene.title,
        "doc": scene.doc,
        "origin": CAMERA if scene.camera else _origin(scene.origin),
        "restorer": scene.restorer,
        "model": scene.model,
        "prompt": scene.prompt,
        "seed": scene.seed,
        "size": scene.size,
        "grid": scene.grid if scene.grid > 1 else None,
    }
    lines = [f"{key} = {_toml(value)}" for key, value in header.items() if value not in {None, ""}]
    tables: dict[str, list[str]] = {}
    for address, value in values.items():
        room, _, key = address.removeprefix("/").rpartition("/")
        tables.setdefault(room.replace("/", "."), []).append(f"{key} = {_toml(value)}")
    for table, entries in tables.items():
        lines += ["", f"[{table}]", *entries]
    return "\n".join([*lines, "", *_layers(scene.text), ""])


def _layers(source: str) -> Iterator[str]:
    """The lines of a scene's cues, overlays and modulators."""
    inside = False
    for line in source.splitlines():
        if header := _HEADER.match(line):
            inside = header[1] in _LAYERS
        if inside:
            yield line


def _origin(path: Path) -> str:
    """A picture of the house by its file's name, any other by its path."""
    return path.name if path.parent == (share("assets") / "origins").resolve() else str(path)


def _toml(value: Setting | None) -> str:
    """A value as TOML writes it; JSON's texts and numbers are TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
