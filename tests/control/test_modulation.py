"""Signals and readings reach the modulators that listen, and performers put modulators on knobs."""

from dataclasses import dataclass

import pytest

from installation.control.layers import BLEND
from installation.control.modulation import Modulations
from installation.modulators import Envelope, Follower, Lfo
from tests.control.rehearsal import HEAT, LIGHT, MEDIUM, Rehearsal, scene

HIT = Envelope(0.5, "hit", attack=1.0, decay=0.0, sustain=1.0, release=1.0)
LEVEL = Follower(2.0, smoothing=0.0, input="level")
ENTROPY = Follower(0.5, low=4.0, high=8.0, smoothing=0.0, reading="entropy")


@dataclass
class Taken:
    number: float


def rehearse(**modulators):
    knobs = {"heat": HEAT.address, "light": LIGHT.address}
    own = {knobs[name]: each for name, each in modulators.items()}
    return Rehearsal(Modulations(), scenes=[scene("first", modulators=own), scene("second")])


def test_a_key_strikes_its_envelope():
    show = rehearse(heat=HIT)
    show.send(5.0, "/in/hit", 1.0)
    assert [show.at(now) for now in (5.0, 5.5, 6.0)] == pytest.approx([0.3, 0.55, 0.8])
    show.send(7.0, "/in/hit", 0)
    assert show.at(7.5) == pytest.approx(0.55)


def test_a_signal_reaches_only_those_that_listen_to_it():
    show = rehearse(heat=HIT, light=LEVEL)
    show.send(5.0, "/in/level", 0.5)
    assert (show.at(5.0), show.at(5.0, LIGHT)) == (0.3, 6.0)


def test_a_signal_nobody_listens_to_is_refused_with_the_nearest():
    assert rehearse(light=LEVEL).send(5.0, "/in/leval", 1.0) == (
        "No modulator listens to /in/leval. Did you mean level?"
    )


def test_a_reading_moves_its_follower_and_a_missing_one_holds():
    show = rehearse(heat=ENTROPY)
    show.readings = {"/reading/entropy": Taken(6.0)}
    show.tick(5.0)
    assert show.at(5.0) == pytest.approx(0.55)
    show.readings = {"/reading/entropy": object()}
    show.tick(6.0)
    assert show.at(6.0) == pytest.approx(0.55)


def test_a_performer_puts_a_modulator_on_a_knob_and_takes_it_off():
    show = rehearse()
    assert not show.send(5.0, "/knob/modulate", LIGHT.address, "lfo", "shape", "saw", "period", 4, "depth", 2.0)
    assert show.at(6.0, LIGHT) == pytest.approx(5.0 + Lfo(2.0, "saw", 4.0).at(1.0))
    show.send(10.0, "/knob/modulate", LIGHT.address)
    assert show.at(10.0 + BLEND, LIGHT) == 5.0


def test_a_setting_alone_changes_what_plays():
    show = rehearse(light=Lfo(1.0, "triangle", 3.0))
    show.send(5.0, "/knob/modulate", LIGHT.address, "depth", 2.0)
    assert show.store.modulators == {LIGHT.address: Lfo(2.0, "triangle", 3.0)}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Nothing listens at ."),
        (("/stage/lihgt",), "Did you mean /stage/light?"),
        ((LIGHT.address, "depth", 1.0), "Nothing modulates /stage/light. Say a kind first: lfo"),
        ((LIGHT.address, "lfo", "depth"), "'depth' stands alone"),
        ((LIGHT.address, "lfo", "depth", 99), "depth takes a number from -12 to 12, not 99"),
        ((LIGHT.address, "follower", "depth", 1, "reading", "x"), "there is no reading 'x'"),
        ((MEDIUM.address, "lfo", "depth", 1), "cannot be modulated"),
    ],
)
def test_what_cannot_modulate_is_refused_with_a_sentence(words, sentence):
    show = rehearse()
    assert sentence in show.send(5.0, "/knob/modulate", *words)
    assert show.store.modulators == {}


def test_a_release_brings_the_scenes_own_modulators_back():
    show = rehearse(light=LEVEL)
    show.send(1.0, "/knob/modulate", LIGHT.address, "walk", "depth", 2)
    show.send(2.0, "/knob/modulate", HEAT.address, "walk", "depth", 0.2)
    show.send(3.0, "/panic/release")
    assert show.store.modulators == {LIGHT.address: LEVEL}


def test_another_scene_ends_a_performers_modulators():
    show = rehearse()
    show.send(1.0, "/knob/modulate", HEAT.address, "walk", "depth", 0.2)
    show.load("second", 2.0)
    assert show.store.modulators == {}
