"""Scenes: a TOML file becomes a checked ``Scene``, or a sentence that says what is wrong with it.

The header says what burns and who restores; below it tables mirror the addresses of the knobs, each with a constant or
with a score that moves; ``[modulate]`` mirrors them again, ``[[cue]]`` lists the cues and ``[[overlay]]`` the texts and
figures over the picture; ``[casino]`` and ``[ransom]`` say what is at stake, and ``[edition]`` in what the variants of
an edition may differ. A score counts generations and not seconds: a lineage then comes out the same, hash for hash,
whatever the speed of the machine. A temperature may be told from the melting point: ``"melt + 0.05"``. A scene is the
author's word, so it is refused where a performer would be clamped.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image as Pillow

from installation import conditioning, cues, melting, modulators, ranges, scores, signs, stakes
from installation.conditioning import Guide
from installation.cues import Cue
from installation.errors import Refusal
from installation.images import FORMATS, MOST_PIXELS, SMALLEST
from installation.knobs import Knob, nearest
from installation.modulators import Modulator
from installation.ranges import Range
from installation.scores import Curve
from installation.signs import Sign
from installation.stakes import Casino, Ransom
from installation.tables import shown

RESTORERS = ("ember", "archive", "diffusion", "none", "demon")
WITH_MODEL = ("archive", "diffusion")  # ember is one model and carries it along
MOST_CELLS = 16  # in a row of a wall: 64 pixels each at the largest size
MOST_BYTES = 2**20  # a scene is a page of text; a megabyte is somebody's mistake
CAMERA, STAND_IN = "camera", "cat"  # an origin that is looked at, and what burns until something is seen
HIGHEST_SEED = 2**64 - 1
OWN = "scenes"  # the folder of a machine's state in which it keeps scenes of its own
SIZES = range(64, 1025, 64)

Value = TypeVar("Value")


class SceneError(Refusal):
    """A scene that cannot be played: file, key and reason."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything the engine and the store need to play. ``values`` are constants and ``score`` moves, by knob address.

    ``seed`` and ``size`` (pixels a side) are None where the scene leaves them to the machine. ``text`` is the TOML
    as it was read, for the take, and ``folder`` is where: what the text names is seen from there. With ``camera`` it
    begins with what the camera sees, and with ``origin`` until then. ``guides`` lead it besides words, by their kind.
    """

    name: str
    title: str
    doc: str
    origin: Path
    restorer: str
    model: str | None
    prompt: str
    seed: int | None
    size: int | None
    values: Mapping[str, float]
    score: Mapping[str, Curve]
    text: str
    camera: bool = False
    grid: int = 1
    cues: tuple[Cue, ...] = ()
    modulators: Mapping[str, Modulator] = field(default_factory=dict)
    overlays: tuple[Sign, ...] = ()
    guides: Mapping[str, Guide] = field(default_factory=dict)
    casino: Casino | None = None
    ransom: Ransom | None = None
    ranges: Mapping[str, Range] = field(default_factory=dict)
    folder: Path = field(default=Path(), compare=False)  # where it lies is no part of what it is

    def settle(self, board: Mapping[str, float], serial: float) -> dict[str, float]:
        """Board values with every NaN ("the score plays") replaced by the score at this generation of the scene.

        For a moment the board may speak of the next scene already: where this one has no score its constant stands,
        and where it has neither, the address is left out and its knob keeps its default.
        """
        own = {**self.values, **{address: curve.at(serial) for address, curve in self.score.items()}}
        settled = {a: own.get(a, value) if math.isnan(value) else value for a, value in board.items()}
        return {address: value for address, value in settled.items() if not math.isnan(value)}


def load(
    path: Path,
    knobs: Mapping[str, Knob],
    assets: Path,
    restorers: Collection[str] = RESTORERS,
    *,
    measured: Path | None = None,
    readings: Collection[str] | None = None,
) -> Scene:
    """Read and check a scene completely.

    ``assets`` is the folder with ``origins/`` and the shipped melting points in it; ``measured`` is this machine's own
    table of them, which is believed first. ``readings`` are the addresses that overlays and modulators may name;
    without them none is checked, and one that nobody takes shows a dash and moves nothing. Raises ``SceneError``
    naming file, key and the nearest valid name.
    """
    text = _read(path)
    raw = _parsed(path, text)
    try:
        melt = scores.melting_points(raw, path.parent, (assets / melting.NAME, measured))
        tables = {key: raw[key] for key in raw if key not in (*_HEADER, *_LAYERS)}
        values, score = scores.knob_values(tables, knobs, melt, (*_HEADER, *_LAYERS))
        return Scene(
            name=path.stem,
            values=values,
            score=score,
            text=text,
            folder=path.parent.resolve(),
            cues=_cues(raw, path.parent, assets.parent / "scenes", lambda table: scores.constants(table, knobs, melt)),
            modulators=_modulators(raw.get("modulate", {}), knobs, readings),
            overlays=signs.read(raw.get("overlay", []), knobs, readings),
            casino=stakes.casino(raw.get("casino"), readings),
            ransom=stakes.ransom(raw.get("ransom"), knobs),
            ranges=ranges.read(raw.get("edition", {}), knobs),
            guides=_guides(raw, path.parent),
            **_header(raw, path, assets, restorers),
        )
    except Refusal as error:
        raise SceneError(f"{path}: {error}") from None


def all_scenes(folder: Path, knobs: Mapping[str, Knob], assets: Path) -> dict[str, Scene | SceneError]:
    """Every ``*.toml`` of a folder by name, in alphabetical order; one that is refused does not hide the others."""
    return {path.stem: _load_or_refusal(path, knobs, assets) for path in sorted(folder.glob("*.toml"))}


def find(name: str, *folders: Path) -> Path:
    """The file of a scene called by name: what comes over a wire is a name, never a path.

    Of two scenes with one name that of the first folder is meant. Raises ``SceneError`` with the nearest name when
    there is no such scene in the folders.
    """
    known = {path.stem: path for folder in reversed(folders) for path in sorted(folder.glob("*.toml"))}
    if name not in known:
        raise SceneError(f"There is no scene {name[:80]!r} in {folders[0]}.{nearest(name, known)}")
    return known[name]


def _load_or_refusal(path: Path, knobs: Mapping[str, Knob], assets: Path) -> Scene | SceneError:
    try:
        return load(path, knobs, assets)
    except SceneError as error:
        return error


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SceneError(f"{path} cannot be read ({reason}).") from error
    if len(content) > MOST_BYTES:
        raise SceneError(f"{path} is larger than {MOST_BYTES} bytes. That is no scene.")
    try:
        return content.decode("utf-8-sig")  # editors on Windows leave a byte order mark
    except UnicodeDecodeError as error:
        raise SceneError(f"{path}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error


def _parsed(path: Path, text: str | None = None) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(path) if text is None else text)
    except (ValueError, RecursionError) as error:
        raise SceneError(f"{path}: not TOML: {error}.") from error


# The header ---------------------------------------------------------------------------------------------------------

_HEADER: Mapping[str, type] = {
    "title": str,
    "doc": str,
    "origin": str,
    "restorer": str,
    "model": str,
    "prompt": str,
    "seed": int,
    "size": int,
    "grid": int,
}
_LAYERS = ("modulate", "cue", "cues", "overlay", "casino", "ransom", "edition", *conditioning.KINDS)
_IN_WORDS: Mapping[type, str] = {str: "text in quotes", int: "a whole number"}


def _header(raw: Mapping[str, Any], path: Path, assets: Path, restorers: Collection[str]) -> dict[str, Any]:
    given = {key: _typed(key, raw[key], kind) for key, kind in _HEADER.items() if key in raw}
    if "origin" not in given:
        raise SceneError('origin is missing. Say which picture burns, like origin = "cat".')
    origin = STAND_IN if given["origin"] == CAMERA else given["origin"]
    restorer = _one_of("restorer", given.get("restorer", "ember"), restorers)
    return {
        "title": given.get("title", path.stem),
        "doc": given.get("doc", "").strip(),
        "origin": _origin(origin, path.parent, assets / "origins"),
        "camera": given["origin"] == CAMERA,
        "restorer": restorer,
        "model": _model(given.get("model"), restorer, path.parent),
        "prompt": given.get("prompt", ""),
        "seed": _seed(given.get("seed")),
        "size": _size(given.get("size")),
        "grid": _grid(given.get("grid", 1), given.get("size")),
    }


def _typed(key: str, value: Any, kind: type) -> Any:
    if type(value) is not kind:  # a boolean is an int to Python, not to us
        raise SceneError(f"{key} takes {_IN_WORDS[kind]}, not {shown(value)}.")
    return value


def _one_of(key: str, value: str, known: Collection[str]) -> str:
    if value not in known:
        raise SceneError(f"{key} takes one of {', '.join(known)}, not {shown(value)}.{nearest(value, known)}")
    return value


def _seed(seed: int | None) -> int | None:
    if seed is not None and not 0 <= seed <= HIGHEST_SEED:
        raise SceneError("seed takes a whole number from 0 to 2^64 - 1.")
    return seed


def _size(size: int | None) -> int | None:
    if size is not None and size not in SIZES:
        raise SceneError(f"size takes a multiple of 64 from 64 to 1024 pixels, not {shown(size)}.")
    return size


def _grid(grid: int, size: int | None) -> int:
    if not 1 <= grid <= MOST_CELLS or (grid > 1 and (size is None or size % grid)):
        raise SceneError(f"grid takes 1 to {MOST_CELLS} cells in a row, which divide the scene's size; not {grid}.")
    return grid


def _model(model: str | None, restorer: str, beside: Path) -> str | None:
    """A name is looked up by the engine in the machine's own folder of models; a path must be there now."""
    if model is None:
        if restorer == "diffusion":
            raise SceneError('model is missing: restorer = "diffusion" needs a pipeline\'s folder or name.')
        return None
    if restorer not in WITH_MODEL:
        raise SceneError(f"model is for {' and '.join(WITH_MODEL)}; {restorer} carries its own. Take the line out.")
    return _folder(model, "model", beside)


def _folder(model: str, key: str, beside: Path) -> str:
    """The name of a model in the machine's folder of models as it is; a path, as it is seen from the scene."""
    if "/" not in model:
        return model
    folder = beside / model
    if not _exists(folder, Path.is_dir):
        raise SceneError(f"{key}: there is no folder {shown(model)}, seen from {beside}.")
    return str(folder.resolve())


def _guides(raw: Mapping[str, Any], beside: Path) -> dict[str, Guide]:
    """What leads a scene's pipeline besides words; only one of diffusers can be led."""
    named = [kind for kind in conditioning.KINDS if kind in raw]
    if named and raw.get("restorer") != "diffusion":
        raise SceneError(f'{named[0]} is for restorer = "diffusion" with a Stable Diffusion. Take it out.')
    return {kind: _guide(conditioning.read(kind, raw[kind]), kind, beside) for kind in named}


def _guide(guide: Guide, kind: str, beside: Path) -> Guide:
    return replace(guide, model=_folder(guide.model, f"{kind}.model", beside))


def _origin(name: str, beside: Path, origins: Path) -> Path:
    """A name is sought among the shipped origins first, a path is seen from the scene's own folder."""
    shipped = sorted(origins.glob("*")) if "/" not in name else []
    candidates = [path for path in shipped if name in {path.name, path.stem}] or [beside / name]
    if len(candidates) > 1:
        raise SceneError(f"origin: {shown(name)} could be {' or '.join(path.name for path in candidates)}. Say which.")
    if not _exists(candidates[0], Path.is_file):
        hint = nearest(name, [path.stem for path in shipped])
        raise SceneError(f"origin: there is no picture {shown(name)} in {origins} or beside the scene.{hint}")
    _require_picture(candidates[0])
    return candidates[0].resolve()


def _exists(path: Path, kind: Any) -> bool:
    try:
        return bool(kind(path))
    except OSError:  # a name longer than the file system's
        return False


def _require_picture(path: Path) -> None:
    """Look at the header only: decoding is the engine's work, and it refuses what is damaged further down."""
    try:
        with Pillow.open(path, formats=FORMATS) as picture:
            width, height = picture.size
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise SceneError(f"origin: {path} is not a picture that can be read. Use {', '.join(FORMATS)}.") from error
    if min(width, height) < SMALLEST or width * height > MOST_PIXELS:
        raise SceneError(
            f"origin: {path} has {width} x {height} pixels; {SMALLEST} a side to {MOST_PIXELS} in all are taken."
        )


# Cues and modulators --------------------------------------------------------------------------------------------------


def _modulators(tables: Any, knobs: Mapping[str, Knob], readings: Collection[str] | None) -> dict[str, Modulator]:
    """``[modulate.stage.brightness] kind = "lfo" ...``: by knob address."""
    flat = scores.flat(_table("modulate", tables), "", knobs)
    found = {address: _modulator(knobs[address], raw) for address, raw in flat}
    if readings is not None:
        modulators.require_readings(found, readings)
    return found


def _modulator(knob: Knob, raw: Any) -> Modulator:
    key = f"modulate.{scores.dotted(knob.address)}"
    try:
        return modulators.read(knob, _table(key, raw))
    except Refusal as error:
        raise SceneError(f"{key}: {error}") from None


def _cues(raw: Mapping[str, Any], beside: Path, shipped: Path, values: cues.Values) -> tuple[Cue, ...]:
    """The scene's own list, or that of the file it names."""
    known = {path.stem for folder in (shipped, beside) for path in folder.glob("*.toml")}
    if "cues" not in raw:
        return cues.read(raw.get("cue", []), values, known)
    if "cue" in raw:
        raise SceneError("a cue list of its own and one in a file: keep [[cue]] or [cues], not both.")
    table = _table("cues", raw["cues"])
    if set(table) != {"file"}:
        raise SceneError('cues takes one key: file = "cues/evening.toml", seen from the scene.')
    path = beside / _typed("cues.file", table["file"], str)
    listed = _parsed(path)
    if set(listed) != {"cue"}:
        raise SceneError(f"{path}: a cue list has [[cue]] tables and nothing else.")
    try:
        return cues.read(listed["cue"], values, known)
    except Refusal as error:
        raise SceneError(f"{path.name}: {error}") from None


def _table(key: str, raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise SceneError(f"{key} takes a table, not {shown(raw)}.")
    return raw
