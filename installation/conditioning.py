"""What leads a picture besides words: another's edges or depths, by a ControlNet; its likeness, by an IP-Adapter.

Only who is asked, and what they look at; the networks are the restorers'. Read from a scene, a cue, a message or a
take, where ``control = { model = "canny", of = "edge", from = "camera" }`` says all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from installation.errors import Refusal
from installation.records import Order
from installation.tables import one_of, shown, text

EDGE, DEPTH = OF = ("edge", "depth")
ORIGIN, PRESENT, CAMERA = SOURCES = ("origin", "present", "camera")
KINDS = ("control", "likeness")
THE_SCENES = "scene"  # what a message says for the scene's own, which may be a path, or nobody
_EXAMPLES = {
    "control": '{ model = "canny", of = "edge", from = "camera" }',
    "likeness": '{ model = "ip-adapter", from = "origin" }',
}


class ConditioningError(Refusal):
    """Something to be led by that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Control:
    """A ControlNet (Zhang et al. 2023, arXiv:2302.05543), and what it holds the picture to.

    ``model`` is its folder, or its name in the models folder; ``of`` is what is drawn of the picture that ``source``
    names: the origin, the picture that is burnt, or what the camera sees.
    """

    model: str
    of: str = EDGE
    source: str = ORIGIN


@dataclass(frozen=True, slots=True)
class Likeness:
    """An IP-Adapter (Ye et al. 2023, arXiv:2308.06721), which hears the picture that ``source`` names as a prompt."""

    model: str
    source: str = ORIGIN


Guide = Control | Likeness


def read(kind: str, raw: Any) -> Guide:
    """A guide of one of ``KINDS`` from a table of TOML or a take. Raises ``Refusal`` naming the key."""
    if not isinstance(raw, Mapping) or "model" not in raw:
        raise ConditioningError(f"{kind} takes a table with a model, like {_EXAMPLES[kind]}, not {shown(raw)}.")
    known = ("model", "of", "from") if kind == "control" else ("model", "from")
    for key in raw:
        one_of(f"{kind} (a key of it)", key, known)
    model = text(f"{kind}.model", raw["model"])
    source = one_of(f"{kind}.from", raw.get("from", ORIGIN), SOURCES)
    if kind == "control":
        return Control(model, one_of("control.of", raw.get("of", EDGE), OF), source)
    return Likeness(model, source)


def heard(kind: str, words: Sequence[object]) -> Guide | None:
    """A guide from a message's words, the model's name first: ``canny edge camera``; None where nothing is said.

    What comes over a wire is a name, never a path. Raises ``Refusal`` for anything else.
    """
    said = [word for word in words if word != ""]
    if not said:
        return None
    model, *others = said
    if not isinstance(model, str) or "/" in model or model.startswith("."):
        raise ConditioningError(f"/{kind} takes the name of a folder in the models folder, not {shown(model)}.")
    table = {"of" if word in OF else "from": word for word in others}
    if len(table) < len(others):
        raise ConditioningError(
            f"/{kind} takes a name and then {' or '.join(OF)}, and {', '.join(SOURCES)}: once each."
        )
    return read(kind, {"model": model, **table})


def order(address: str, said: Any, own: Mapping[str, Guide]) -> Order:
    """What the command of an address asks of the engine, with what was said; ``own`` are the scene's guides, by kind.

    Raises ``Refusal`` for words that name no guide.
    """
    kind = address.removeprefix("/")
    if kind not in KINDS:
        return Order(kind, {"text": said})
    return Order(kind, {"guide": own.get(kind) if said == (THE_SCENES,) else heard(kind, said)})


def table(guide: Guide) -> dict[str, str]:
    """What a scene's table would say of a guide; ``read`` gives it back."""
    if isinstance(guide, Control):
        return {"model": guide.model, "of": guide.of, "from": guide.source}
    return {"model": guide.model, "from": guide.source}


def words(guide: Guide | None) -> tuple[str, ...]:
    """What a message would say of a guide; none takes it away. ``heard`` gives it back."""
    return tuple(table(guide).values()) if guide else ()
