"""A small edition: variants of a scene of four generations, 64 pixels a side, which nobody restores."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from installation import scenes
from installation.machine.files import share
from installation.machine.settings import RecordingSettings, Settings
from installation.panels import all_knobs
from installation.publishing import Wishes
from installation.publishing.numbered import Edition, asked
from installation.scenes import Scene

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
SETTINGS = Settings(recording=RecordingSettings(reserve_bytes=0))
TEXT = """
title = "Owl"
origin = "owl"
restorer = "none"
prompt = "an owl"
size = 64
[burn.gaussian]
temperature = { score = [[0, 0.2], [4, 0.4]] }
[restore]
steps = 1
[loop]
stages = 2
pace = 0.5
[stage]
brightness = 0.5
[modulate.stage.brightness]
kind = "follower"
reading = "entropy"
depth = 0.2
low = 0.0
high = 8.0
[edition.burn.gaussian]
temperature = { shift = [-0.1, 0.1] }
[edition.loop]
rotate = [-4.0, 4.0]
[edition.restore]
sampler = ["euler", "heun"]
"""


def scene(folder: Path, text: str = TEXT) -> Scene:
    """A scene of this text."""
    path = folder / "owl.toml"
    path.write_text(text, encoding="utf-8")
    return scenes.load(path, all_knobs(), share("assets"))


def edition(played: Scene, **wanted: Any) -> Edition:
    """Three variants with seed 7, with a strip of each; or what is wanted instead."""
    default: dict[str, Any] = {
        "count": 3, "seed": 7, "length": None, "size": None, "forms": ("generations",), "wishes": Wishes(rate=5),
        "settings": SETTINGS, "now": NOW,
    }  # fmt: skip
    return asked(played, **{**default, **wanted})


def sums(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its path from there."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
