"""The parameter store obeys its laws."""

import math
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installation.control.store import RETURN, Store
from installation.knobs import Knob, KnobError
from installation.scenes import Scene
from installation.scores import Curve

HEAT = Knob("/burn/gaussian/temperature", "number", 0.3, 0.0, 1.0, "", 0.5, "How far.")
STEPS = Knob("/restore/steps", "whole", 2.0, 1.0, 50.0, "steps", 1.0, "How many.")
MEDIUM = Knob("/burn/medium", "choice", 0.0, 0.0, 2.0, "", 0.7, "Which.", ("gaussian", "heat", "jpeg"))
BLACK = Knob("/stage/black", "switch", 0.0, 0.0, 1.0, "", 0.3, "Black.")
LIGHT = Knob("/stage/light", "number", 5.0, -2.0, 10.0, "", 2.0, "Light.")
KNOBS = {knob.address: knob for knob in (HEAT, STEPS, MEDIUM, BLACK, LIGHT)}
RELEASE = 30.0
RISING = Curve(((0.0, 0.2), (100.0, 0.8)))

deliberate = settings(deadline=None, max_examples=200)
moments = st.floats(0.0, 100.0, allow_subnormal=False)


def scene(values=None, score=None):
    return Scene("s", "S", "", Path("cat.png"), "ember", None, "", 1, 64, values or {}, score or {}, "")


def store(**words):
    kept = Store(KNOBS, RELEASE)
    kept.play(scene(**words), 0.0)
    return kept


def test_the_first_tick_gives_every_knob_and_the_second_nothing():
    kept = Store(KNOBS, RELEASE)
    assert kept.tick(0.0, 0) == {address: knob.default for address, knob in KNOBS.items()}
    assert kept.tick(0.01, 0) == {}


def test_a_scene_jumps_and_what_it_does_not_name_stands_at_its_default():
    kept = store(values={LIGHT.address: 9.0})
    kept.hold(HEAT.address, 0.9, 1.0)
    kept.tick(5.0, 3)
    kept.play(scene(values={STEPS.address: 7.0}), 6.0)
    assert kept.tick(6.0, 0) == {LIGHT.address: 5.0, HEAT.address: 0.3, STEPS.address: 7.0}


def test_a_held_knob_glides_in_a_straight_line_from_where_it_is():
    kept = store(values={LIGHT.address: 0.0})
    kept.hold(LIGHT.address, 8.0, 10.0)
    assert [kept.current(LIGHT.address, now, 0) for now in (10.0, 10.5, 11.0, 12.0, 20.0)] == [0.0, 2.0, 4.0, 8.0, 8.0]


def test_where_knobs_were_put_is_where_hands_told_them_to_go_until_they_are_let_go_and_pins_are_not_told():
    kept = store(values={LIGHT.address: 0.0}, score={HEAT.address: RISING})
    kept.hold(LIGHT.address, 8.0, 10.0)
    kept.fade({STEPS.address: 9.0}, 10.0, 60.0, "linear")
    kept.pin(BLACK.address, 1.0, 10.0)
    assert kept.put(10.1) == {LIGHT.address: 8.0, STEPS.address: 9.0}
    kept.let_go(LIGHT.address, 11.0)
    kept.fade({STEPS.address: None}, 11.0, 1.0, "linear")
    assert kept.put(11.1) == {}


def test_a_second_touch_in_mid_glide_starts_from_there():
    kept = store(values={LIGHT.address: 0.0})
    kept.hold(LIGHT.address, 8.0, 10.0)
    kept.hold(LIGHT.address, 0.0, 11.0)
    assert kept.current(LIGHT.address, 11.0, 0) == 4.0
    assert kept.current(LIGHT.address, 12.0, 0) == 2.0


def test_choices_and_switches_jump():
    kept = store()
    kept.hold(MEDIUM.address, "jpeg", 1.0)
    kept.hold(BLACK.address, True, 1.0)  # noqa: FBT003 - what OSC's T becomes
    assert kept.current(MEDIUM.address, 1.0, 0) == 2.0
    assert kept.current(BLACK.address, 1.0, 0) == 1.0


def test_whole_numbers_stay_whole_while_they_glide():
    kept = store()
    kept.hold(STEPS.address, 9, 0.0)
    assert all(kept.current(STEPS.address, now / 100, 0).is_integer() for now in range(120))


def test_a_knob_left_alone_goes_back_to_the_score():
    kept = store(values={LIGHT.address: 1.0})
    kept.hold(LIGHT.address, 9.0, 0.0)
    assert kept.current(LIGHT.address, RELEASE, 0) == 9.0
    assert kept.current(LIGHT.address, RELEASE + RETURN / 2, 0) == pytest.approx(5.0)
    assert kept.current(LIGHT.address, RELEASE + RETURN, 0) == 1.0


def test_every_touch_begins_the_time_of_release_anew():
    kept = store(values={LIGHT.address: 1.0})
    kept.hold(LIGHT.address, 9.0, 0.0)
    kept.hold(LIGHT.address, 9.0, RELEASE - 1)
    assert kept.current(LIGHT.address, 2 * RELEASE - 2, 0) == 9.0


def test_letting_go_twice_is_letting_go_once():
    once, twice = store(), store()
    for kept in (once, twice):
        kept.hold(LIGHT.address, 9.0, 0.0)
        kept.let_go(LIGHT.address, 5.0)
    twice.let_go(None, 6.0)
    assert once.current(LIGHT.address, 7.0, 0) == twice.current(LIGHT.address, 7.0, 0)


def test_it_knows_which_knobs_are_in_somebodys_hand():
    kept = store()
    kept.hold(LIGHT.address, 9.0, 0.0)
    assert kept.held(1.0) == {LIGHT.address}
    kept.let_go(None, 2.0)
    assert kept.held(2.0 + RETURN) == frozenset()


def test_a_pin_outlasts_time_and_scenes():
    kept = store()
    kept.pin(BLACK.address, True, 0.0)  # noqa: FBT003 - what OSC's T becomes
    kept.play(scene(), 5.0)
    assert kept.current(BLACK.address, 1e9, 0) == 1.0


def test_a_pin_ends_when_somebody_lets_it_go_or_turns_the_knob():
    kept = store()
    kept.pin(BLACK.address, True, 0.0)  # noqa: FBT003 - what OSC's T becomes
    kept.let_go(BLACK.address, 1.0)
    assert kept.current(BLACK.address, 1.0, 0) == 0.0
    kept.pin(BLACK.address, True, 2.0)  # noqa: FBT003 - what OSC's T becomes
    kept.hold(BLACK.address, False, 3.0)  # noqa: FBT003 - what OSC's F becomes
    assert kept.current(BLACK.address, 3.0, 0) == 0.0


def test_the_board_says_nan_while_the_engine_plays_the_score():
    kept = store(score={HEAT.address: RISING, LIGHT.address: RISING})
    board = kept.tick(0.0, 50)
    assert math.isnan(board[HEAT.address])
    assert board[LIGHT.address] == pytest.approx(0.5)
    assert kept.current(HEAT.address, 0.0, 50) == pytest.approx(0.5)


def test_nan_is_said_once():
    kept = store(score={HEAT.address: RISING})
    kept.tick(0.0, 0)
    assert kept.tick(0.01, 1) == {}


def test_a_performer_takes_a_playing_score_from_where_it_is_and_gives_it_back():
    kept = store(score={HEAT.address: RISING})
    kept.tick(0.0, 50)
    kept.hold(HEAT.address, 1.0, 1.0)
    assert kept.tick(1.25, 50)[HEAT.address] == pytest.approx(0.75)
    kept.let_go(None, 2.0)
    assert kept.tick(2.0 + RETURN / 4, 50)[HEAT.address] == pytest.approx(0.875)
    assert math.isnan(kept.tick(2.0 + RETURN, 50)[HEAT.address])


def test_an_unknown_address_is_answered_with_the_nearest():
    with pytest.raises(KnobError, match=r"Nothing listens at /stage/lihgt. Did you mean /stage/light\?"):
        store().hold("/stage/lihgt", 1.0, 0.0)
    with pytest.raises(KnobError, match=r"Did you mean /scene/load\?"):
        store().let_go("/scene/loda", 0.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, "warm", None])
def test_what_is_no_number_leaves_the_knob_alone(value):
    kept = store()
    with pytest.raises(KnobError):
        kept.hold(LIGHT.address, value, 0.0)
    assert kept.current(LIGHT.address, 5.0, 0) == LIGHT.default


touches = st.lists(
    st.tuples(
        st.sampled_from(["hold", "let go", "look"]),
        st.sampled_from(list(KNOBS)),
        st.floats(-1e9, 1e9) | st.integers(-5, 60) | st.booleans(),
        st.floats(0.0, 20.0),
    ),
    max_size=12,
)


def perform(kept, played):
    """Play touches, each so many seconds after the one before; gives the moment of the last."""
    now = 0.0
    for what, address, value, later in played:
        now += later
        if what == "hold":
            kept.hold(address, value, now)
        elif what == "let go":
            kept.let_go(address, now)
        else:
            kept.tick(now, now)
    return now


@deliberate
@given(touches, moments)
def test_no_knob_ever_leaves_its_range(played, later):
    kept = store(score={HEAT.address: RISING})
    now = perform(kept, played) + later
    for address, knob in KNOBS.items():
        assert knob.low <= kept.current(address, now, now) <= knob.high


@deliberate
@given(touches, moments, st.lists(moments, max_size=30))
def test_no_tick_rate_can_be_heard(played, later, ticks):
    coarse, fine = store(score={LIGHT.address: RISING}), store(score={LIGHT.address: RISING})
    played = [touch for touch in played if touch[0] != "look"]
    end = perform(coarse, played)
    assert perform(fine, played) == end
    for tick in sorted(moment for moment in ticks if moment < later):
        fine.tick(end + tick, 50)
    coarse.tick(end + later, 50)
    fine.tick(end + later, 50)
    assert all(coarse.current(a, end + later, 50) == fine.current(a, end + later, 50) for a in KNOBS)


@deliberate
@given(touches)
def test_in_the_end_the_score_has_every_knob_back(played):
    kept = store(values={LIGHT.address: 3.0}, score={HEAT.address: RISING})
    end = perform(kept, played) + RELEASE + RETURN + 0.001
    assert kept.current(LIGHT.address, end, 70) == 3.0
    assert kept.current(HEAT.address, end, 70) == RISING.at(70)
    assert kept.held(end) == frozenset()


@deliberate
@given(touches, st.floats(-2.0, 10.0))
def test_the_last_write_wins(played, value):
    kept = store()
    now = perform(kept, played)
    kept.hold(LIGHT.address, value, now)
    assert kept.current(LIGHT.address, now + LIGHT.glide + 0.001, 0) == value


@deliberate
@given(touches)
def test_the_changes_of_all_ticks_add_up_to_the_present(played):
    kept, now = store(), 0.0
    board: dict[str, float] = {}
    for touch in [touch for touch in played if touch[0] != "look"]:
        now += perform(kept, [(*touch[:3], 0.0)]) + touch[3]
        board |= kept.tick(now, 0)
    board |= kept.tick(now, 0)
    assert board == {address: kept.current(address, now, 0) for address in KNOBS}


def test_a_scene_travels_to_the_engine():
    played = scene(score={HEAT.address: RISING})
    assert pickle.loads(pickle.dumps(played)) == played  # noqa: S301 - our own bytes
