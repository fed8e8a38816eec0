"""The knobs of the collapses beside the show: the words on the wall, and the pictures' model."""

from __future__ import annotations

from dataclasses import dataclass

from installation.knobs import knob, panel


@panel("/words")
@dataclass(frozen=True, slots=True)
class Words:
    """How a text collapses on the wall of a scene that has columns and does not say what stands in them."""

    pace: float = knob(24.0, low=2.0, high=600.0, unit="s", doc="How long a generation of words stands on the wall.")
    temperature: float = knob(0.7, low=0.1, high=2.0, doc="How boldly words are chosen: low stammers sooner.")
    prompt: bool = knob(
        default=False, doc="What is written becomes the prompt: pictures follow the words (see /restore/walk)."
    )
    last: int = knob(9, low=1, high=50, unit="generations", doc="After so many generations the real text is back.")


@panel("/collapse")
@dataclass(frozen=True, slots=True)
class Live:
    """Whether ember is retrained on its own pictures while the scene plays."""

    live: bool = knob(
        default=False, doc="Retrain ember on its own pictures beside the show; off gives its weights back."
    )
