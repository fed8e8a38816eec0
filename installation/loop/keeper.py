"""The keeper: it sees that a loop is stuck, and lights it again, a rung of its ladder at a time.

Reheat; another medium; a fresh picture; generation 0. It works with generations and never with seconds, draws from the
lineage's own random numbers and keeps its memory in the checkpoint: a lineage comes out the same, hash for hash, with
all its rescues. What it does is a change of knob values, which the log has, or of the picture the next generation
grows from, which the log names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from installation.burns import MEDIA, Burning
from installation.knobs import knob, panel, read, understood
from installation.loop import stuck
from installation.loop.album import inject
from installation.loop.history import fingerprint

if TYPE_CHECKING:
    from installation.loop.album import Album
    from installation.loop.lineage import Lineage

PATIENCE = 5  # refused generations in a row before the piece begins again from its origin
NONE, REHEAT, MEDIUM, PICTURE, ORIGIN = range(5)
REHEATING, REHEATED = 8, 0.9  # generations, temperature: about five seconds of the main work
ELSEWHERE, WARM = 32, 0.6  # generations in another medium, at this temperature or above: a cold one would not help
MEDIA_TRIED = ("gaussian", "heat", "animorphosis")  # white noise, no noise, and somebody else's noise
LOOK_EVERY = 16  # generations between two looks for what takes a moment to see
RECURRENCE = 2  # times patience and refractory time: trouble that is back within them climbs on
ALBUM_STREAM = 4  # of the generation's random numbers; burning, restoring and drift have 1 to 3
PROPORTIONAL, INTEGRAL = 0.3, 0.03  # of the controller, in temperature per diversity and look
COOLEST, HOTTEST = 0.05, 0.95  # temperatures the controller may ask for


@panel("/loop/keeper")
@dataclass(frozen=True, slots=True)
class Keeping:
    """When the keeper steps in, and whether it steers."""

    on: bool = knob(default=True, doc="Light the piece again when it is stuck. Off, what is stuck stays stuck.")
    patience: int = knob(
        120, low=16, high=1024, unit="generations", doc="How long a picture may stand still or go in circles."
    )
    refractory: int = knob(
        100, low=0, high=4096, unit="generations", doc="Least time between two interventions of the keeper."
    )
    steer: bool = knob(default=False, doc="Move the temperature so that the pictures become as diverse as asked for.")
    diversity: float = knob(0.3, doc="Diversity to steer to: 0 is one picture 64 times, 1 are 64 different ones.")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, in a word and in a sentence, and the rung of the ladder that can help at all."""

    name: str
    cause: str
    rung: int


def bend(lineage: Lineage, values: Mapping[str, float]) -> Mapping[str, float]:
    """The knobs of the next generation as the keeper wants them: hotter, in another medium, or steered."""
    keeping, medium = read(Keeping, values), read(Burning, values).medium
    care, age = lineage.care, lineage.serial - lineage.care.since
    if not keeping.on or not (care.rung or keeping.steer):
        return values
    asked = read(MEDIA[medium], values).temperature
    if care.rung == REHEAT and age <= REHEATING:
        return _burning(values, medium, max(asked, REHEATED))
    if care.rung == MEDIUM and age <= ELSEWHERE:
        return _burning(values, another(medium), max(asked, WARM))
    return _burning(values, medium, steered(asked, care.error, care.integral)) if keeping.steer else values


def tend(
    lineage: Lineage, values: Mapping[str, float], temperature: float, refused: str | None, album: Album
) -> str | None:
    """Look at the generation that was just made, or refused; help if need be, and say why and how.

    ``values`` are the knobs before ``bend``, ``temperature`` is what was burnt at: at 0 a picture that stands still is
    what was asked for.
    """
    keeping = read(Keeping, values)
    if not keeping.on:
        return None
    if refused is None and temperature > 0.0:
        lineage.history.add(fingerprint(lineage.present, temperature))
    if keeping.steer and lineage.serial % LOOK_EVERY == 0:
        _steer(lineage, keeping, read(MEDIA[read(Burning, values).medium], values).temperature)
    if lineage.care.rung and lineage.serial - lineage.care.since < keeping.refractory:
        return None
    trouble = diagnose(lineage, keeping.patience, refused)
    return climb(lineage, keeping, trouble, album) if trouble else None


def diagnose(lineage: Lineage, patience: int, refused: str | None) -> Trouble | None:
    """What is wrong with a lineage, the most urgent first; None when it lives."""
    if refused is not None:
        stubborn = Trouble("refusals", f"{refused}, {lineage.refusals} times in a row", ORIGIN)
        return stubborn if lineage.refusals >= PATIENCE else None
    slow = stuck.SLOW if lineage.serial % LOOK_EVERY == 0 else {}
    # Noise keeps a blank picture's brightness, so heat cannot help it; what merely stands still needs no new picture.
    for detectors, rung in ((stuck.BLANKS, PICTURE), (stuck.STANDSTILLS, REHEAT), (slow, REHEAT)):
        for name, detector in detectors.items():
            if cause := detector(lineage.history, patience):
                return Trouble(name, cause, rung)
    return None


def climb(lineage: Lineage, keeping: Keeping, trouble: Trouble, album: Album) -> str:
    """Take the next rung: the first that can help, or the one above the last where the trouble is soon back."""
    care = lineage.care
    recent = care.rung and lineage.serial - care.since <= soon(keeping)
    rung = max(care.rung + 1, trouble.rung) if recent else trouble.rung
    rung = rung if rung <= ORIGIN else trouble.rung
    done = _act(lineage, rung, album)
    lineage.care = replace(care, rung=rung, since=lineage.serial)
    lineage.history.clear()  # what comes now is another life
    return f"{trouble.cause}; {done}"


def soon(keeping: Keeping) -> int:
    """Generations within which trouble is still the old one: a rung's own length, and time to be seen again, twice."""
    return ELSEWHERE + LOOK_EVERY + RECURRENCE * (keeping.patience + keeping.refractory)


def another(medium: str) -> str:
    """The medium to try instead."""
    place = MEDIA_TRIED.index(medium) + 1 if medium in MEDIA_TRIED else 0
    return MEDIA_TRIED[place % len(MEDIA_TRIED)]


def steered(base: float, error: float, integral: float) -> float:
    """The controller's temperature: the score's plus what diversity lacks, now and summed up; 0.05 to 0.95."""
    return min(max(base + PROPORTIONAL * error + INTEGRAL * integral, COOLEST), HOTTEST)


def wound(base: float, error: float, integral: float) -> float:
    """The controller's integral one look later. Against a stop it is not wound up further."""
    free = base + PROPORTIONAL * error + INTEGRAL * (integral + error)
    against_a_stop = free > HOTTEST if error > 0.0 else free < COOLEST
    return integral if against_a_stop else integral + error


def _act(lineage: Lineage, rung: int, album: Album) -> str:
    """What a rung does at once, and what it says; heat and medium are done by ``bend``."""
    if rung == REHEAT:
        return f"reheated to {REHEATED} for {REHEATING} generations"
    if rung == MEDIUM:
        return f"burnt in another medium for {ELSEWHERE} generations"
    if rung == PICTURE and (name := inject(lineage, album, ALBUM_STREAM)):
        return f"a fresh picture, {name}"
    lineage.reignite()
    return "the piece begins again from its origin"


def _steer(lineage: Lineage, keeping: Keeping, base: float) -> None:
    lately = lineage.history.newest(stuck.WINDOW)["thumb"]
    if len(lately) == stuck.WINDOW:
        error = keeping.diversity - (stuck.diversity(lately) - 1.0) / (stuck.WINDOW - 1)
        integral = wound(base, error, lineage.care.integral)
        lineage.care = replace(lineage.care, error=error, integral=integral)


def _burning(values: Mapping[str, float], medium: str, temperature: float) -> Mapping[str, float]:
    return {**values, **understood({"/burn/medium": medium, f"/burn/{medium}/temperature": temperature})}
