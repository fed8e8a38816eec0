"""Cues: numbered changes of scene, words and knobs, and the curves along which knobs get there.

A cue list is data: how it is read from TOML, when the cues of a chain begin, and what the list amounts to at each of
its cues. Who presses go, and what happens then, is the concern of ``control.cuelist``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from installation import conditioning, tables
from installation.errors import Refusal
from installation.knobs import nearest
from installation.tables import one_of, shown, text

CURVES = ("linear", "ease", "s-curve")
FOLLOWS = ("none", "auto-continue", "auto-follow")
FADE = 3.0  # seconds, where a cue does not say
LONGEST = 86_400.0  # seconds of a fade or a wait: a day
HIGHEST = 10_000  # number of a cue
MOST = 1000  # cues in a list
NO_CUES = "What plays has no cues. Write [[cue]] into its scene."


class CueError(Refusal):
    """A cue that cannot be played, or that is not there."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A numbered change: a scene to load, words to say, knobs to go to (board values), each where there is one.

    ``guides`` are what is said of those that lead besides words, by their kind: as a message says it, () for none.

    ``number`` is as it is written: "12" or "12.5". ``fade``, ``pre_wait`` and ``post_wait`` are seconds. With
    ``follow`` "auto-continue" the next cue begins ``post_wait`` after this one has begun, with "auto-follow" after its
    fade has ended.
    """

    number: str
    name: str = ""
    scene: str | None = None
    prompt: str | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    fade: float = FADE
    curve: str = CURVES[-1]
    follow: str = FOLLOWS[0]
    pre_wait: float = 0.0
    post_wait: float = 0.0
    guides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def eased(curve: str, share: float) -> float:
    """How far along a fade is, 0 to 1, when this share of its time has passed; held before and after.

    "ease" sets off and arrives without a jerk (3 s^2 - 2 s^3), "s-curve" also without a jerk of the jerk
    (6 s^5 - 15 s^4 + 10 s^3, Perlin 2002).
    """
    s = min(max(share, 0.0), 1.0)
    match curve:
        case "linear":
            return s
        case "ease":
            return s * s * (3.0 - 2.0 * s)
        case _:
            return s * s * s * (s * (6.0 * s - 15.0) + 10.0)


def spelled(number: float) -> str:
    """A cue's number as it is written: 12, 12.5, never 12.50."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


def find(cues: Sequence[Cue], number: str) -> int:
    """The place of a cue in its list. Raises ``CueError`` with the nearest number."""
    known = [cue.number for cue in cues]
    if not known:
        raise CueError(NO_CUES)
    try:
        return known.index(spelled(float(number)))
    except ValueError:
        raise CueError(f"There is no cue {number[:20]}.{nearest(number, known)}") from None


def chain(cues: Sequence[Cue], place: int) -> Iterator[tuple[float, int]]:
    """The cues that one go begins, one after another: seconds until each begins, and its place in the list."""
    moment = 0.0
    for here, cue in enumerate(cues[place:], place):
        moment += cue.pre_wait
        yield moment, here
        if cue.follow == "none":
            return
        moment += cue.post_wait + (cue.fade if cue.follow == "auto-follow" else 0.0)


def tracked(cues: Sequence[Cue], place: int) -> Cue:
    """What the list amounts to after the cue at a place, if every cue before it was played; before the first: nothing.

    A cue that loads a scene begins anew: nothing of the cues before it is left.
    """
    past = cues[: place + 1]
    scenes = [here for here, cue in enumerate(past) if cue.scene is not None]
    since = past[scenes[-1] :] if scenes else past
    values = {address: value for cue in since for address, value in cue.values.items()}
    prompts = [cue.prompt for cue in since if cue.prompt is not None]
    guides = {kind: said for cue in since for kind, said in cue.guides.items()}
    scene, number = since[0].scene if scenes else None, past[-1].number if past else ""
    return Cue(number, "", scene, prompts[-1] if prompts else None, values, guides=guides)


# From TOML ------------------------------------------------------------------------------------------------------------

Values = Callable[[Mapping[str, Any]], dict[str, float]]
_KEYS = (
    "number", "name", "scene", "prompt", "fade", "curve", "follow", "pre-wait", "post-wait", *conditioning.KINDS
)  # fmt: skip
NOBODY = "none"  # leads any more


def read(raw: Any, values: Values, scenes: Collection[str]) -> tuple[Cue, ...]:
    """The cue list that ``[[cue]]`` tables make; ``values`` reads the knobs of one, ``scenes`` are the names there are.

    Raises ``CueError`` naming the cue, the key and the nearest valid name.
    """
    if not isinstance(raw, list) or len(raw) > MOST or not all(isinstance(each, dict) for each in raw):
        raise CueError(f"cue takes at most {MOST} tables; begin each with [[cue]].")
    cues = tuple(_cue(each, values, scenes) for each in raw)
    for before, after in pairwise(cues):
        if float(after.number) <= float(before.number):
            raise CueError(f"cue {after.number} stands after cue {before.number}. Give each its own number, in order.")
    if cues and cues[-1].follow != "none":
        raise CueError(f"cue {cues[-1].number} is the last; nothing can follow it. Take follow out.")
    return cues


def _cue(table: Mapping[str, Any], values: Values, scenes: Collection[str]) -> Cue:
    number = _number(table.get("number"))
    knobs = {key: value for key, value in table.items() if key not in _KEYS}
    try:
        return Cue(
            number,
            name=text("name", table.get("name", "")),
            scene=one_of("scene", table["scene"], scenes) if "scene" in table else None,
            prompt=text("prompt", table["prompt"]) if "prompt" in table else None,
            values=values(knobs),
            fade=_seconds("fade", table.get("fade", FADE)),
            curve=one_of("curve", table.get("curve", CURVES[-1]), CURVES),
            follow=one_of("follow", table.get("follow", FOLLOWS[0]), FOLLOWS),
            pre_wait=_seconds("pre-wait", table.get("pre-wait", 0.0)),
            post_wait=_seconds("post-wait", table.get("post-wait", 0.0)),
            guides={kind: _said_of(kind, table[kind]) for kind in conditioning.KINDS if kind in table},
        )
    except Refusal as error:
        raise CueError(f"cue {number}: {error}") from None


def _said_of(kind: str, raw: Any) -> tuple[str, ...]:
    """What a cue has a message say of a guide, whose model is a name in the models folder; ``"none"`` sends it away."""
    said = () if raw == NOBODY else conditioning.words(conditioning.read(kind, raw))
    return conditioning.words(conditioning.heard(kind, said))


def _number(value: Any) -> str:
    if type(value) not in {int, float} or not 1 <= value <= HIGHEST or round(value, 3) != value:
        raise CueError(f"cue: number takes a number like 1 or 12.5, from 1 to {HIGHEST}, not {shown(value)}.")
    return spelled(value)


def _seconds(key: str, value: Any) -> float:
    return tables.number(key, value, 0.0, LONGEST, "seconds")
