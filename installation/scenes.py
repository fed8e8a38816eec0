"""Scenes: a TOML file becomes a checked ``Scene``, or a sentence that says what is wrong with it.

The header says what burns and who restores; below it tables mirror the addresses of the knobs, each with a constant or
with a score that moves; ``[modulate]`` mirrors them again, ``[[cue]]`` lists the cues and ``[[overlay]]`` the texts and
figures over the picture. A score counts generations and not seconds: a lineage then comes out the same, hash for hash,
whatever the speed of the machine. A temperature may be told from the melting point: ``"melt + 0.05"``. A scene is the
author's word, so it is refused where a performer would be clamped.
"""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image as Pillow

from installation import cues, melting, modulators, signs
from installation.cues import Cue
from installation.errors import Refusal
from installation.images import FORMATS, MOST_PIXELS, SMALLEST
from installation.knobs import Knob, nearest
from installation.melting import MeltingPoint
from installation.modulators import Modulator
from installation.signs import Sign
from installation.tables import shown

RESTORERS = ("ember", "archive", "diffusion", "none", "demon")
WITH_MODEL = ("archive", "diffusion")  # ember is one model and carries it along
MOST_CELLS = 16  # in a row of a wall: 64 pixels each at the largest size
MOST_BYTES = 2**20  # a scene is a page of text; a megabyte is somebody's mistake
CAMERA, STAND_IN = "camera", "cat"  # an origin that is looked at, and what burns until something is seen
LAST_GENERATION = 2.0**53  # beyond it a float64 no longer counts one by one
HIGHEST_SEED = 2**64 - 1
SIZES = range(64, 1025, 64)

Value = TypeVar("Value")


class SceneError(Refusal):
    """A scene that cannot be played: file, key and reason."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A moving value: straight lines between points (generation, value), generations rising.

    Before the first point its value holds. After the last it holds too, or everything repeats with the generation of
    the last point as period.
    """

    points: tuple[tuple[float, float], ...]
    repeat: bool = False

    def at(self, serial: float) -> float:
        """The value at a generation counted from the scene's start; never outside the points' values."""
        moment = math.fmod(serial, self.points[-1][0]) if self.repeat else serial
        after = bisect_right(self.points, moment, key=_generation)
        if after in {0, len(self.points)}:
            return self.points[max(after - 1, 0)][1]
        (start, origin), (end, goal) = self.points[after - 1 : after + 1]
        value = origin + (goal - origin) * ((moment - start) / (end - start))
        return min(max(value, min(origin, goal)), max(origin, goal))


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything the engine and the store need to play. ``values`` are constants and ``score`` moves, by knob address.

    ``seed`` and ``size`` (pixels a side) are None where the scene leaves them to the machine. ``text`` is the TOML
    as it was read, for the take. With ``camera`` it begins with what the camera sees, and with ``origin`` until then.
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
        melt = _melting_points(raw, path.parent, (assets / melting.NAME, measured))
        tables = {key: raw[key] for key in raw if key not in (*_HEADER, *_LAYERS)}
        values, score = _knob_values(tables, knobs, melt)
        return Scene(
            name=path.stem,
            values=values,
            score=score,
            text=text,
            cues=_cues(raw, path.parent, assets.parent / "scenes", lambda table: _constants(table, knobs, melt)),
            modulators=_modulators(raw.get("modulate", {}), knobs, readings),
            overlays=signs.read(raw.get("overlay", []), knobs, readings),
            **_header(raw, path, assets, restorers),
        )
    except Refusal as error:
        raise SceneError(f"{path}: {error}") from None


def all_scenes(folder: Path, knobs: Mapping[str, Knob], assets: Path) -> dict[str, Scene | SceneError]:
    """Every ``*.toml`` of a folder by name, in alphabetical order; one that is refused does not hide the others."""
    return {path.stem: _load_or_refusal(path, knobs, assets) for path in sorted(folder.glob("*.toml"))}


def find(name: str, folder: Path) -> Path:
    """The file of a scene called by name: what comes over a wire is a name, never a path.

    Raises ``SceneError`` with the nearest name when there is no such scene in the folder.
    """
    known = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if name not in known:
        raise SceneError(f"There is no scene {name[:80]!r} in {folder}.{nearest(name, known)}")
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
_LAYERS = ("modulate", "cue", "cues", "overlay")
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
    if "/" not in model:
        return model
    folder = beside / model
    if not _exists(folder, Path.is_dir):
        raise SceneError(f"model: there is no folder {shown(model)}, seen from {beside}.")
    return str(folder.resolve())


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


# The knobs ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Melt:
    """The melting points known for the scene's restorer, by medium, and how it is called."""

    points: Mapping[str, MeltingPoint]
    restorer: str

    def resolve(self, knob: Knob, text: str) -> float:
        """The number behind ``melt + 0.05``."""
        key = _dotted(knob.address)
        try:
            away = melting.offset(text)
        except melting.MeltingError as error:
            raise SceneError(f"{key} takes {knob.expects()}, and it {error}.") from None
        medium = knob.address.split("/")[2]
        point = self.points.get(medium)
        if point is None:
            raise SceneError(
                f"{key}: nobody has measured where {self.restorer} melts in {medium}. "
                f"Measure it: burntout melt --restorer {self.restorer} --medium {medium}."
            )
        if point.temperature is None:
            raise SceneError(f"{key}: {self.restorer} does not melt in {medium} at any temperature. Write a number.")
        return round(point.temperature + away, 6)


def _melting_points(raw: Mapping[str, Any], beside: Path, tables: Iterable[Path | None]) -> _Melt:
    """What is known of the scene's restorer; later tables are believed before earlier ones."""
    restorer, model = raw.get("restorer", "ember"), raw.get("model")
    if isinstance(model, str) and "/" in model:
        model = str((beside / model).resolve())
    points = {}
    for table in tables:
        points.update(melting.read(table) if table else {})
    own = {medium: point for (name, given, medium), point in points.items() if (name, given) == (restorer, model)}
    return _Melt(own, str(restorer))


def _knob_values(
    tables: Mapping[str, Any], knobs: Mapping[str, Knob], melt: _Melt
) -> tuple[dict[str, float], dict[str, Curve]]:
    values: dict[str, float] = {}
    score: dict[str, Curve] = {}
    for address, raw in _flat(tables, "", knobs):
        if isinstance(raw, dict):
            score[address] = _curve(knobs[address], raw, melt)
        else:
            values[address] = _constant(knobs[address], raw, melt)
    return values, score


def _flat(table: Mapping[str, Any], prefix: str, knobs: Mapping[str, Knob]) -> Iterable[tuple[str, Any]]:
    """Every knob's address with its raw value. Recursion goes no deeper than the addresses do."""
    for key, value in table.items():
        address = f"{prefix}/{key}"
        if "/" in key:
            raise _unknown(address, knobs)
        if address in knobs:
            yield address, value
        elif isinstance(value, dict) and any(known.startswith(f"{address}/") for known in knobs):
            yield from _flat(value, address, knobs)
        else:
            raise _unknown(address, knobs)


def _unknown(address: str, knobs: Mapping[str, Knob]) -> SceneError:
    tables = {known.rsplit("/", n)[0] for known in knobs for n in range(1, known.count("/"))}
    dotted = [_dotted(name) for name in (*knobs, *sorted(tables))]
    key = _dotted(address)
    hint = nearest(key, [*_HEADER, *_LAYERS, *dotted])
    return SceneError(f"nothing listens to the key {shown(key)}.{hint}")


def _constant(knob: Knob, raw: Any, melt: _Melt) -> float:
    if isinstance(raw, str) and knob.address.startswith("/burn/") and knob.address.endswith("/temperature"):
        raw = melt.resolve(knob, raw)
    fits = {
        "number": type(raw) in {int, float},
        "whole": type(raw) is int,
        "switch": type(raw) is bool,
        "choice": type(raw) is str and raw in knob.choices,
    }
    if not fits[knob.kind] or (knob.kind != "choice" and not knob.low <= raw <= knob.high):
        hint = nearest(raw, knob.choices) if isinstance(raw, str) else ""
        raise SceneError(f"{_dotted(knob.address)} takes {knob.expects()}, not {shown(raw)}.{hint}")
    return knob.parse(raw)


def _curve(knob: Knob, raw: Mapping[str, Any], melt: _Melt) -> Curve:
    """``{ score = [[generation, value], …], repeat = true }`` for knobs that are numbers."""
    key = _dotted(knob.address)
    if knob.kind not in {"number", "whole"}:
        raise SceneError(f"{key} cannot move: it takes {knob.expects()}.")
    for name in raw:
        if name not in {"score", "repeat"}:
            raise SceneError(
                f"{key} has no {shown(name)}; a score has score and repeat.{nearest(name, ('score', 'repeat'))}"
            )
    repeat = _typed_switch(f"{key}.repeat", raw.get("repeat", False))
    points = _points(knob, raw.get("score"), melt)
    if repeat and points[-1][0] == 0.0:
        raise SceneError(f"{key} cannot repeat: its last point must lie after generation 0.")
    return Curve(points, repeat)


def _typed_switch(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise SceneError(f"{key} takes true or false, not {shown(value)}.")
    return value


def _points(knob: Knob, raw: Any, melt: _Melt) -> tuple[tuple[float, float], ...]:
    key = f"{_dotted(knob.address)}.score"
    if not isinstance(raw, list) or not raw:
        raise SceneError(f"{key} takes points [[generation, value], …], not {shown(raw)}.")
    points = tuple(_point(knob, key, point, melt) for point in raw)
    for before, after in pairwise(points):
        if after[0] <= before[0]:
            raise SceneError(f"{key}: generation {after[0]:g} stands after {before[0]:g}. Put the points in order.")
    return points


def _point(knob: Knob, key: str, raw: Any, melt: _Melt) -> tuple[float, float]:
    if not isinstance(raw, list) or len(raw) != 2:  # noqa: PLR2004 - a generation and a value
        raise SceneError(f"{key}: a point is [generation, value], not {shown(raw)}.")
    generation, value = raw
    if type(generation) not in {int, float} or not 0 <= generation <= LAST_GENERATION:
        raise SceneError(f"{key}: a generation is a number from 0 on, not {shown(generation)}.")
    return float(generation), _constant(knob, value, melt)


def _generation(point: tuple[float, float]) -> float:
    return point[0]


def _dotted(address: str) -> str:
    """An address as a TOML key: ``/burn/gaussian/temperature`` is ``burn.gaussian.temperature``."""
    return address.lstrip("/").replace("/", ".")


# Cues and modulators --------------------------------------------------------------------------------------------------


def _modulators(tables: Any, knobs: Mapping[str, Knob], readings: Collection[str] | None) -> dict[str, Modulator]:
    """``[modulate.stage.brightness] kind = "lfo" ...``: by knob address."""
    flat = _flat(_table("modulate", tables), "", knobs)
    found = {address: _modulator(knobs[address], raw) for address, raw in flat}
    if readings is not None:
        modulators.require_readings(found, readings)
    return found


def _modulator(knob: Knob, raw: Any) -> Modulator:
    key = f"modulate.{_dotted(knob.address)}"
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


def _constants(table: Mapping[str, Any], knobs: Mapping[str, Knob], melt: _Melt) -> dict[str, float]:
    """The knobs that a cue goes to."""
    values, score = _knob_values(table, knobs, melt)
    if score:
        raise SceneError(f"{_dotted(next(iter(score)))} takes one value in a cue; a score is for the scene.")
    return values


def _table(key: str, raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise SceneError(f"{key} takes a table, not {shown(raw)}.")
    return raw
