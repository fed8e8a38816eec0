"""Kinship: what a restaged take is to the one it was made from: the same, or a kindred performance, and how it differs.

A kindred performance has the score, the seeds, the knobs and the messages of its take, and was rendered otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.recording.takes import TakeError
from installation.restorers.shelf import NAMES

if TYPE_CHECKING:
    from installation.publishing.score import Overview
    from installation.recording.takes import Take

RESTAGED = "restaged"  # the key of a manifest
SAME, KINDRED = "the same", "kindred"
STEP, SMALLEST, LARGEST = 64, 64, 4096  # pixels a side: what every restorer can do, and what a processor finishes
MOST_STEPS, FASTEST = 50, 120


@dataclass(frozen=True, slots=True)
class Otherwise:
    """How somebody wants a take rendered; None leaves it as it was.

    ``size`` in pixels a side, ``rate`` in pictures a second, ``steps`` per generation, ``restorer`` by name, ``model``
    its folder.
    """

    size: int | None = None
    rate: int | None = None
    steps: int | None = None
    restorer: str | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        """Raises ``TakeError`` for what no restorer could do."""
        if self.size is not None and (self.size % STEP or not SMALLEST <= self.size <= LARGEST):
            raise TakeError(f"{self.size} pixels? Choose --size: a multiple of {STEP} from {SMALLEST} to {LARGEST}.")
        if self.rate is not None and not 1 <= self.rate <= FASTEST:
            raise TakeError(f"{self.rate} pictures a second? Choose --rate from 1 to {FASTEST}.")
        if self.steps is not None and not 1 <= self.steps <= MOST_STEPS:
            raise TakeError(f"{self.steps} steps? Choose --steps from 1 to {MOST_STEPS}.")
        if self.restorer is not None and self.restorer not in NAMES:
            raise TakeError(f"There is no restorer {self.restorer!r}. Choose --restorer from {', '.join(NAMES)}.")

    def played(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """What the engine said when it began to play, as this would have it: size, restorer and model."""
        size, name, model = self.size or told.get("size"), self.restorer or told.get("restorer"), self.model
        if model is None and name == told.get("restorer"):
            model = told.get("model")
        return {**told, "size": size, "restorer": name, "model": model}


AS_IT_WAS = Otherwise()


def differences(take: Take, wanted: Otherwise, seen: Overview) -> dict[str, dict[str, Any]]:
    """What would not be as it was: by name, what it ``was`` and what it ``is``. Empty: the same."""
    told, played = take.manifest, wanted.played(take.manifest)
    found = {
        name: {"was": told.get(name), "is": played[name]}
        for name in ("size", "restorer", "model")
        if played[name] != told.get(name)
    }
    if wanted.steps is not None and seen.steps != (wanted.steps, wanted.steps):
        fewest, most = seen.steps
        found["steps"] = {"was": f"{fewest}" if fewest == most else f"{fewest} to {most}", "is": wanted.steps}
    if wanted.rate is not None:
        found["rate"] = {"was": None, "is": wanted.rate}
    return found


def needed(wanted: Otherwise, differs: Mapping[str, Any]) -> Otherwise:
    """Of what is wanted only what differs. Another restorer comes with its own model, named or not."""
    kept = {each: getattr(wanted, each) for each in differs}
    return Otherwise(**{**kept, **({"restorer": wanted.restorer, "model": wanted.model} if "model" in kept else {})})


def record(take: Take, differs: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest of a restaged take says of it."""
    return {"of": take.name, "kinship": KINDRED if differs else SAME, "differs": dict(differs)}


def kinship(take: Take) -> str:
    """What a take is to another, in a sentence: empty for one that was recorded."""
    told = take.manifest.get(RESTAGED)
    if not told:
        return ""
    if told["kinship"] == SAME:
        return f"{told['of']} rendered again: the same, hash for hash."
    return f"A kindred performance of {told['of']}: {', '.join(_said(told['differs']))}."


def name(take: Take, differs: Mapping[str, Any]) -> str:
    """The name of the take that is made: whoever asks for the same again finds it."""
    if not differs:
        return f"{take.folder.resolve().name}-again"
    words = (str(differs[each]["is"]) + unit for each, unit in _UNITS.items() if each in differs)
    return f"{take.folder.resolve().name}-kindred-{'-'.join(map(_plain, words))}"


_UNITS = {"size": "px", "steps": "steps", "restorer": "", "model": "", "rate": "fps"}


def _said(differs: Mapping[str, Any]) -> list[str]:
    words = {
        "size": "{is} instead of {was} pixels a side",
        "steps": "{is} instead of {was} steps a generation",
        "restorer": "restored by {is} instead of {was}",
        "model": "with the model {is} instead of {was}",
        "rate": "burning in up to {is} pictures a second",
    }
    return [
        words[each].format_map({key: "its own" if value is None else value for key, value in found.items()})
        for each, found in differs.items()
    ]


def _plain(words: str) -> str:
    """A path or a name as part of a file's name: its last part."""
    return re.sub(r"[^a-z0-9]+", "-", Path(words).name.lower()).strip("-") or "own"
