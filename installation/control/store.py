"""The parameter store: what every knob stands at, whoever turned it last.

Lowest lies the scene's word (constants, and scores that move with the generations). A cue fades it to another and holds
it there; a modulator moves it around where it stands; above all is a performer's hand, which glides to where it is told
and, some time after the last touch, glides back. Everything is a closed form of the moment asked for, so no tick rate
can be heard in it; time and generations come in as arguments.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from installation.control.commands import COMMANDS
from installation.control.layers import Fade, Hand, Modulation
from installation.knobs import Knob, KnobError, nearest
from installation.modulators import Modulator, Still

if TYPE_CHECKING:
    from installation.scenes import Scene
    from installation.scores import Curve

#: Rooms whose moving scores the engine evaluates itself at its own generation: the same lineage, hash for hash.
DEFERRED = ("/burn/", "/restore/", "/lesion/", "/loop/", "/camera/")
#: What the board says there while the score plays.
SCORE_PLAYS = math.nan
RETURN = 4.0  # seconds at least for the way back to the score: nobody should see a performer's absence as a cut


class Store:
    """Every knob's value. ``now`` is monotonic seconds, ``serial`` the generations since the scene began."""

    def __init__(self, knobs: Mapping[str, Knob], release: float) -> None:
        """All knobs at their defaults. ``release``: seconds from the last touch until the score returns."""
        self._knobs = dict(knobs)
        self._release = release
        self._values = {address: knob.default for address, knob in self._knobs.items()}
        self._score: Mapping[str, Curve] = {}
        self._fades: dict[str, Fade] = {}
        self._modulations: dict[str, Modulation] = {}
        self._hands: dict[str, Hand] = {}
        self._serial = 0.0
        self._told = math.nan
        self._written: dict[str, float] = {}

    def play(self, scene: Scene, now: float) -> None:
        """Make a scene's word the base: every hand and cue is taken away, every value jumps, generations count from 0.

        Pins stay: whoever made the wall black does not see it lit by the next scene. What the scene does not name
        stands at its default.
        """
        self._values = {address: scene.values.get(address, knob.default) for address, knob in self._knobs.items()}
        self._score = {address: curve for address, curve in scene.score.items() if address in self._knobs}
        self._fades = {}
        modulators = {address: each for address, each in scene.modulators.items() if address in self._knobs}
        self._modulations = {address: Modulation(each, now, now) for address, each in modulators.items()}
        self._hands = {address: hand for address, hand in self._hands.items() if hand.until == math.inf}
        self._serial = 0.0

    def hold(self, address: str, value: object, now: float) -> None:
        """Take a knob in hand: from where it is it glides to ``value``, clamped to the range.

        Raises ``KnobError`` for an address where no knob listens and for a value it cannot take.
        """
        self._take(address, value, now, self._release)

    def pin(self, address: str, value: object, now: float) -> None:
        """Take a knob in hand until somebody lets it go or turns it: a panic does not end after two quiet minutes."""
        self._take(address, value, now, math.inf)

    def let_go(self, address: str | None, now: float) -> None:
        """Give one knob, or with None every knob, back to the score; it glides there from where it is."""
        addresses = list(self._hands) if address is None else [self._knob(address).address]
        for held in addresses:
            if (hand := self._hands.get(held)) is not None:
                self._hands[held] = replace(hand, until=min(hand.until, now))

    def fade(self, values: Mapping[str, float | None], now: float, seconds: float, curve: str) -> None:
        """A cue takes knobs from wherever they are, also out of a hand, to board values; with None back to the score.

        No faster than the knob's own glide. What was pinned stays so.
        """
        for address, goal in values.items():
            knob = self._knob(address)
            origin, duration = self._leave(address, now), max(seconds, knob.glide) if _glides(knob) else 0.0
            self._fades[address] = Fade(origin, goal, now, duration, curve)

    def freeze(self, now: float) -> None:
        """Let every fade stand where it is."""
        for address, fade in self._fades.items():
            if fade.moves(now):
                here = self._below_modulation(address, now, self._serial)
                self._fades[address] = Fade(here, here, now, 0.0, fade.curve)

    @property
    def faded(self) -> frozenset[str]:
        """The addresses that a cue has taken from the score."""
        return frozenset(address for address, fade in self._fades.items() if fade.goal is not None)

    def put(self, now: float) -> dict[str, float]:
        """Where cues and hands have told knobs to go, as board values: nothing on its way back, and no pin."""
        cues = {address: fade.goal for address, fade in self._fades.items() if fade.goal is not None}
        return cues | {address: hand.goal for address, hand in self._hands.items() if now < hand.until < math.inf}

    def modulate(self, address: str, modulator: Modulator | None, now: float) -> None:
        """Have a knob moved by a modulator, or by None any more; another of the same kind goes on in step."""
        before, new = self._modulations.get(self._knob(address).address), modulator or Still()
        born = before.born if before and type(before.modulator) is type(new) else now
        self._modulations[address] = Modulation(new, born, now, before.at(now) if before else 0.0)

    def hear(self, address: str, value: float, now: float) -> None:
        """Tell the modulator of a knob what it listens to."""
        if (modulation := self._modulations.get(address)) is not None:
            self._modulations[address] = modulation.heard(value, now)

    @property
    def modulators(self) -> dict[str, Modulator]:
        """What moves which knob."""
        at_work = {address: each.modulator for address, each in self._modulations.items()}
        return {address: each for address, each in at_work.items() if not isinstance(each, Still)}

    def held(self, now: float) -> frozenset[str]:
        """The addresses that are in somebody's hand, or on their way back from it."""
        return frozenset(address for address, hand in self._hands.items() if not hand.gone(now))

    def tick(self, now: float, serial: float) -> dict[str, float]:
        """Board values that changed since the last tick; the first tick gives all.

        NaN stands where the score plays and the engine evaluates it (``DEFERRED``).
        """
        self._serial = serial
        self._fades = {address: fade for address, fade in self._fades.items() if not fade.gone(now)}
        self._modulations = {address: each for address, each in self._modulations.items() if not each.gone(now)}
        self._hands = {address: hand for address, hand in self._hands.items() if not hand.gone(now)}
        changed = {}
        for address in self._knobs:
            value = self._board_value(address, now)
            if not _same(value, self._written.get(address)):
                changed[address] = self._written[address] = value
        return changed

    def news(self, changed: Mapping[str, float], now: float) -> dict[str, float]:
        """What to tell of these changes: numbers also where the engine plays the score, at each new generation."""
        moved = (
            [address for address in self._score if address.startswith(DEFERRED)] if self._told != self._serial else []
        )
        self._told = self._serial
        return {address: self.current(address, now, self._serial) for address in (*changed, *moved)}

    def current(self, address: str, now: float, serial: float) -> float:
        """Where a knob stands, as a number even where the board says NaN."""
        knob, hand = self._knob(address), self._hands.get(address)
        value = self._below_modulation(address, now, serial) + self._offset(address, now)
        if hand is not None:
            value = hand.at(now, min(max(value, knob.low), knob.high))
        return knob.parse(value)

    def _below_modulation(self, address: str, now: float, serial: float) -> float:
        """The scene's word, and a cue's over it."""
        curve, fade = self._score.get(address), self._fades.get(address)
        value = self._values[address] if curve is None else curve.at(serial)
        return value if fade is None else fade.at(now, value)

    def _offset(self, address: str, now: float) -> float:
        modulation = self._modulations.get(address)
        return modulation.at(now) if modulation else 0.0

    def _take(self, address: str, value: object, now: float, release: float) -> None:
        knob = self._knob(address)
        goal, here = knob.parse(value), self.current(address, now, self._serial)
        glide, back = (knob.glide, max(knob.glide, RETURN)) if _glides(knob) else (0.0, 0.0)
        self._hands[address] = Hand(here, goal, now, glide, now + max(release, glide), back)

    def _leave(self, address: str, now: float) -> float:
        """Take a knob out of a hand that did not pin it; gives where a fade must begin for the knob not to jump."""
        hand = self._hands.get(address)
        if hand is None or hand.until == math.inf:
            return self._below_modulation(address, now, self._serial)
        here = self.current(address, now, self._serial) - self._offset(address, now)
        del self._hands[address]
        return here

    def _board_value(self, address: str, now: float) -> float:
        moved = address in self._hands or address in self._fades or address in self._modulations
        if address in self._score and not moved and address.startswith(DEFERRED):
            return SCORE_PLAYS
        return self.current(address, now, self._serial)

    def _knob(self, address: str) -> Knob:
        if address not in self._knobs:
            hint = nearest(address, [*self._knobs, *COMMANDS])
            raise KnobError(f"Nothing listens at {address[:120]}.{hint}")
        return self._knobs[address]


def _glides(knob: Knob) -> bool:
    return knob.kind in {"number", "whole"}  # between burning and heating there is nothing to pass through


def _same(value: float, written: float | None) -> bool:
    return written is not None and (value == written or (math.isnan(value) and math.isnan(written)))
