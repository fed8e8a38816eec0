"""Cues, modulators and hands share a knob: none jumps when it takes over, and no tick rate can be heard in them."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installation.control.layers import BLEND
from installation.control.store import RETURN, Store
from installation.cues import CURVES, eased
from installation.modulators import Envelope, Follower, Lfo, Walk
from installation.scores import Curve
from tests.control.rehearsal import HEAT, KNOBS, LIGHT, MEDIUM, STEPS, scene

RELEASE = 30.0
RISING = Curve(((0.0, 0.2), (100.0, 0.8)))
SWING = Lfo(0.25, "sine", 4.0)
JUMP = 1e-3  # more than any of these moves in the time between two looks
SOON = 1e-6

deliberate = settings(deadline=None, max_examples=150)


def store(**words):
    kept = Store(KNOBS, RELEASE)
    kept.play(scene(**words), 0.0)
    return kept


def test_a_cue_fades_a_knob_along_its_curve_and_holds_it():
    kept = store(values={LIGHT.address: 0.0})
    kept.fade({LIGHT.address: 8.0}, 10.0, 4.0, "ease")
    assert [kept.current(LIGHT.address, now, 0) for now in (10.0, 11.0, 12.0, 14.0, 1e6)] == [
        0.0, 8.0 * eased("ease", 0.25), 4.0, 8.0, 8.0,
    ]  # fmt: skip


def test_a_cue_is_no_faster_than_the_knobs_own_glide():
    kept = store(values={LIGHT.address: 0.0})
    kept.fade({LIGHT.address: 8.0}, 0.0, 0.0, "linear")
    assert kept.current(LIGHT.address, 1.0, 0) == 4.0


def test_choices_jump_at_the_beginning_of_a_fade():
    kept = store()
    kept.fade({MEDIUM.address: 2.0}, 1.0, 20.0, "linear")
    assert kept.current(MEDIUM.address, 1.0, 0) == 2.0


def test_a_cue_takes_a_playing_score_to_the_board_as_a_number_and_gives_it_back():
    kept = store(score={HEAT.address: RISING})
    assert math.isnan(kept.tick(0.0, 50)[HEAT.address])
    kept.fade({HEAT.address: 1.0}, 1.0, 4.0, "linear")
    assert kept.tick(3.0, 50)[HEAT.address] == pytest.approx(0.75)
    kept.fade({HEAT.address: None}, 10.0, 2.0, "linear")
    assert kept.tick(11.5, 50)[HEAT.address] == pytest.approx(0.625)
    assert math.isnan(kept.tick(12.0, 50)[HEAT.address])
    assert kept.faded == frozenset()


def test_a_frozen_fade_stands_where_it_is_and_an_arrived_one_where_it_was():
    kept = store(values={LIGHT.address: 0.0})
    kept.fade({LIGHT.address: 8.0}, 0.0, 4.0, "linear")
    kept.fade({HEAT.address: 0.9}, 0.0, 1.0, "linear")
    kept.freeze(2.0)
    assert [kept.current(LIGHT.address, now, 0) for now in (2.0, 3.0, 99.0)] == [4.0, 4.0, 4.0]
    assert kept.current(HEAT.address, 99.0, 0) == 0.9


def test_a_cue_takes_a_knob_out_of_a_hand_but_not_a_pin():
    kept = store(values={LIGHT.address: 0.0})
    kept.hold(LIGHT.address, 8.0, 0.0)
    kept.fade({LIGHT.address: 0.0}, 5.0, 4.0, "linear")
    assert [kept.current(LIGHT.address, now, 0) for now in (5.0, 7.0, 9.0)] == [8.0, 4.0, 0.0]
    kept.pin(LIGHT.address, 3.0, 10.0)
    kept.fade({LIGHT.address: 9.0}, 20.0, 4.0, "linear")
    assert kept.current(LIGHT.address, 30.0, 0) == 3.0


def test_a_hand_that_lets_go_gives_the_knob_back_to_the_cue():
    kept = store()
    kept.fade({LIGHT.address: 9.0}, 0.0, 4.0, "linear")
    kept.hold(LIGHT.address, 0.0, 1.0)
    kept.let_go(LIGHT.address, 10.0)
    assert kept.current(LIGHT.address, 10.0 + RETURN, 0) == 9.0


def test_another_scene_takes_cues_away_and_brings_its_own_modulators():
    kept = store(modulators={LIGHT.address: SWING})
    kept.fade({HEAT.address: 0.9}, 0.0, 1.0, "linear")
    kept.play(scene(modulators={HEAT.address: SWING}), 5.0)
    assert (kept.faded, kept.modulators) == (frozenset(), {HEAT.address: SWING})
    assert kept.current(LIGHT.address, 7.0, 0) == LIGHT.default


def test_a_modulator_moves_a_knob_around_where_the_score_has_it():
    kept = store(score={HEAT.address: RISING}, modulators={HEAT.address: SWING})
    for now in (4.0, 5.0, 6.3):
        assert kept.tick(now, 50)[HEAT.address] == pytest.approx(0.5 + SWING.at(now))


def test_a_modulator_never_moves_a_knob_beyond_its_range():
    kept = store(values={HEAT.address: 0.95}, modulators={HEAT.address: SWING})
    values = [kept.current(HEAT.address, 4.0 + n / 50, 0) for n in range(200)]
    assert max(values) == 1.0
    assert min(values) == pytest.approx(0.7, abs=0.01)


def test_a_hand_is_not_modulated_and_a_cue_is():
    kept = store(modulators={HEAT.address: SWING})
    kept.hold(HEAT.address, 0.5, 0.0)
    assert {kept.current(HEAT.address, 2.0 + n / 7, 0) for n in range(50)} == {0.5}
    kept.fade({HEAT.address: 0.6}, 10.0, 1.0, "linear")
    assert kept.current(HEAT.address, 13.0, 0) == pytest.approx(0.6 + SWING.at(13.0))


def test_a_modulator_that_ends_gives_the_knob_back_within_a_second():
    kept = store(score={HEAT.address: RISING}, modulators={HEAT.address: SWING})
    kept.modulate(HEAT.address, None, 5.0)
    assert kept.modulators == {}
    assert kept.tick(5.0 + BLEND / 2, 50)[HEAT.address] == pytest.approx(0.5 + SWING.at(5.0) / 2)
    assert math.isnan(kept.tick(5.0 + BLEND, 50)[HEAT.address])


def test_a_deeper_swing_goes_on_in_step():
    kept = store(modulators={HEAT.address: SWING})
    kept.modulate(HEAT.address, Lfo(0.1, "sine", 4.0), 5.5)
    assert kept.current(HEAT.address, 9.0, 0) == pytest.approx(0.3 + Lfo(0.1, "sine", 4.0).at(9.0))


def test_whole_numbers_stay_whole_while_they_are_modulated():
    kept = store(modulators={STEPS.address: Lfo(10.0, "triangle", 3.0)})
    assert all(kept.current(STEPS.address, now / 30, 0).is_integer() for now in range(90))


SOURCES = (SWING, Walk(0.2, 2.0, 5), Envelope(0.4, "hit"), Follower(0.5, input="level"), None)
acts = st.lists(
    st.tuples(
        st.sampled_from(["hold", "let go", "fade", "back", "freeze", "modulate", "hear", "pin"]),
        st.floats(-0.5, 1.5),
        st.floats(0.0, 8.0),
        st.sampled_from(SOURCES),
        st.sampled_from(CURVES),
    ),
    max_size=10,
)


def act(kept, what, now):
    name, value, seconds, source, curve = what
    match name:
        case "hold" | "pin":
            getattr(kept, name)(HEAT.address, value, now)
        case "let go":
            kept.let_go(None, now)
        case "fade":
            kept.fade({HEAT.address: HEAT.parse(value)}, now, seconds, curve)
        case "back":
            kept.fade({HEAT.address: None}, now, seconds, curve)
        case "freeze":
            kept.freeze(now)
        case "modulate":
            kept.modulate(HEAT.address, source, now)
        case _:
            kept.hear(HEAT.address, value, now)


@deliberate
@given(acts, st.floats(0.0, 20.0))
def test_whatever_takes_a_knob_takes_it_from_where_it_stands(played, later):
    kept, now = store(values={HEAT.address: 0.4}), 0.0
    for what in played:
        now += what[2] + 0.01
        before = kept.current(HEAT.address, now, 0)
        act(kept, what, now)
        assert kept.current(HEAT.address, now, 0) == pytest.approx(before, abs=1e-9)
        assert kept.current(HEAT.address, now + SOON, 0) == pytest.approx(before, abs=JUMP)
    assert 0.0 <= kept.current(HEAT.address, now + later, 0) <= 1.0


@deliberate
@given(acts, st.floats(0.0, 20.0), st.lists(st.floats(0.0, 20.0), max_size=20))
def test_no_tick_rate_can_be_heard_in_any_layer(played, later, ticks):
    coarse, fine = store(modulators={HEAT.address: SWING}), store(modulators={HEAT.address: SWING})
    now = 0.0
    for what in played:
        now += what[2]
        act(coarse, what, now)
        act(fine, what, now)
    for tick in sorted(ticks):
        fine.tick(now + tick * later / 20.0, 0)
    assert fine.current(HEAT.address, now + later, 0) == coarse.current(HEAT.address, now + later, 0)
