"""The register: what a reading is called, and what is said where there is no number."""

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.knobs import declared as knobs
from installation.panels import all_knobs
from installation.readings import register
from installation.readings.energy import over, plus
from installation.readings.register import NOT_YET, STATES, Missing, Of, Value, declared, markdown, reading, told

NUMBERS = st.floats(-1e9, 1e9)
TAKEN = st.builds(Value, NUMBERS, st.booleans()) | st.builds(Missing, st.sampled_from(STATES[2:]))


def test_every_reading_says_what_it_is_in_which_range():
    for each in declared().values():
        assert each.doc.endswith(".")
        assert each.low < each.high
        assert each.take.__doc__


def test_no_two_readings_share_a_key():
    keys = [each.key for each in declared().values()]
    assert len(set(keys)) == len(keys)
    assert all(key.isidentifier() for key in keys)


def test_no_reading_takes_the_address_of_a_knob():
    assert not set(declared()) & set(all_knobs())
    assert knobs()


def test_an_address_is_filed_once():
    with pytest.raises(ValueError, match="Two readings at /reading/entropy"):
        reading("/reading/entropy", of="picture", doc="Another.")(lambda: 0.0)


def test_what_a_guest_says_is_not_yet_there_until_it_says_it():
    address = next(iter(declared("guest")))
    assert declared()[address].take({}) == NOT_YET
    assert declared()[address].take({address: Value(3.0)}) == Value(3.0)


def test_what_a_guest_says_is_filed_like_any_other_reading():
    with pytest.raises(ValueError, match="Two readings at /reading/entropy"):
        told("/reading/entropy", doc="Another.")


def test_readings_can_be_asked_for_by_what_they_are_of():
    parts = [declared(of) for of in get_args(Of)]
    assert sum(map(len, parts)) == len(declared())
    assert declared("picture", "window") == dict(sorted({**parts[0], **parts[1]}.items()))


def test_an_address_becomes_a_key_that_a_board_can_have():
    assert declared()["/reading/spectral-temperature/fine"].key == "spectral_temperature_fine"


@given(number=NUMBERS, estimated=st.booleans())
def test_what_is_made_of_an_estimate_is_an_estimate(number, estimated):
    assert Value(number, estimated).then(lambda n: 2.0 * n) == Value(2.0 * number, estimated)


@given(a=TAKEN, b=TAKEN)
def test_an_estimate_marks_every_sum_and_quotient_it_is_in(a, b):
    for together in (plus(a, b), over(a, b)):
        if isinstance(together, Value):
            assert together.estimated == any(isinstance(each, Value) and each.estimated for each in (a, b))


@given(a=TAKEN, b=TAKEN)
def test_a_quotient_lacks_its_number_when_either_part_does(a, b):
    if isinstance(a, Missing) or isinstance(b, Missing):
        assert isinstance(over(a, b), Missing)


@pytest.mark.parametrize("made", [lambda n: 1.0 / (n - n), lambda n: n * math.inf, lambda n: math.log(n - n)])
def test_what_cannot_be_computed_is_no_number(made):
    assert Value(3.0).then(made) == NOT_YET


def test_nothing_follows_from_a_missing_sensor():
    assert Missing(why="no card").then(abs) == Missing(why="no card")


def test_nan_is_not_yet_a_reading():
    assert register.taken(math.nan) == NOT_YET
    assert register.taken(0.5) == Value(0.5)


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        (Value(63.217), "63.22 W"),
        (Value(63.217, estimated=True), "63.22 W (estimated)"),
        (Missing(), "no sensor"),
        (Missing(why="no NVIDIA card"), "no sensor: no NVIDIA card"),
        (NOT_YET, "not yet"),
    ],
)
def test_a_reading_says_its_number_and_its_standing(taken, words):
    assert declared()["/reading/watts"].say(taken) == words


def test_the_table_has_a_line_for_every_reading():
    lines = markdown(declared()).splitlines()
    assert len(lines) == 2 + len(declared())
    assert all(line.replace("\\|", "").count("|") == 7 for line in lines)
