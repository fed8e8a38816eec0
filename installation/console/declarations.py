"""What the page is made from: knobs, readings, scenes, cues and outputs as they are declared, in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import melting, scenes
from installation.errors import Refusal
from installation.machine.files import share
from installation.readings import declared
from installation.stage.drawing import drawn
from installation.stage.outputs import SQUARE

if TYPE_CHECKING:
    from installation.cues import Cue
    from installation.knobs import Knob
    from installation.machine.settings import Settings
    from installation.readings import Reading
    from installation.scenes import Scene


def scene(playing: Scene) -> dict[str, Any]:
    """What plays, and its cues."""
    return {
        "name": playing.name,
        "title": playing.title,
        "doc": " ".join(playing.doc.split()),
        "restorer": playing.restorer,
        "cues": [_cue(each) for each in playing.cues],
    }


def knobs(all_knobs: Mapping[str, Knob]) -> list[dict[str, Any]]:
    """Every knob as it is declared: enough for a slider."""
    return [_knob(each) for each in all_knobs.values()]


def readings() -> list[dict[str, Any]]:
    """Every reading: address, unit and what it is."""
    return [_reading(address, each) for address, each in declared().items()]


def listed(settings: Settings, all_knobs: Mapping[str, Knob]) -> list[dict[str, Any]]:
    """Every scene that can be loaded, the house's and this machine's own; what is wrong with the others. Takes long."""
    folders = (settings.state / scenes.OWN, share("scenes"))
    names = sorted({path.stem for folder in folders for path in folder.glob("*.toml")})
    return [_listed(name, folders, all_knobs, settings.state / melting.NAME) for name in names]


def outputs(settings: Settings, corners: Path) -> list[dict[str, Any]]:
    """The projectors, and where their corners stand by the board ``corners``; straight before the stage has said so."""
    names = [each.name for each in settings.stage.outputs] or [""]
    stand = dict(enumerate(drawn(corners)))
    return [{"name": name, "corners": stand.get(number, SQUARE)} for number, name in enumerate(names)]


def _knob(each: Knob) -> dict[str, Any]:
    return {
        "address": each.address,
        "kind": each.kind,
        "default": each.show(each.default),
        "low": each.low,
        "high": each.high,
        "unit": each.unit,
        "doc": each.doc,
        "choices": each.choices,
    }


def _reading(address: str, each: Reading) -> dict[str, Any]:
    return {"address": address, "unit": each.unit, "doc": each.doc, "of": each.of}


def _cue(each: Cue) -> dict[str, Any]:
    return {"number": each.number, "name": each.name, "scene": each.scene, "fade": each.fade, "follow": each.follow}


def _listed(name: str, folders: tuple[Path, ...], all_knobs: Mapping[str, Knob], measured: Path) -> dict[str, Any]:
    try:
        found = scenes.load(scenes.find(name, *folders), all_knobs, share("assets"), measured=measured)
    except Refusal as refusal:
        return {"name": name, "title": name, "doc": "", "fault": str(refusal)}
    return {"name": name, "title": found.title, "doc": " ".join(found.doc.split()), "fault": ""}
