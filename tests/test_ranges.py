"""What a scene lets the variants of an edition differ in: read with it, or refused with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.knobs import Knob
from installation.ranges import Range, read
from installation.tables import TableError

KNOBS = {
    knob.address: knob
    for knob in (
        Knob("/burn/medium", "choice", 0.0, 0.0, 2.0, "", 0.0, "Which.", ("gaussian", "heat", "jpeg")),
        Knob("/burn/gaussian/temperature", "number", 0.3, 0.0, 1.0, "", 0.5, "How far."),
        Knob("/restore/steps", "whole", 2.0, 1.0, 50.0, "steps", 0.0, "How many."),
        Knob("/stage/hold", "switch", 0.0, 0.0, 1.0, "", 0.0, "Stand still."),
        Knob("/words/pace", "number", 12.0, 0.0, 60.0, "s", 0.0, "How fast."),
    )
}
shares = st.floats(0.0, 1.0, exclude_max=True)


def test_a_range_is_where_a_knob_may_stand():
    table = {"burn": {"gaussian": {"temperature": [0.1, 0.4]}}}
    assert read(table, KNOBS) == {"/burn/gaussian/temperature": Range(0.1, 0.4)}


def test_a_shift_is_how_far_it_may_be_moved():
    table = {"burn": {"gaussian": {"temperature": {"shift": [-0.1, 0.2]}}}}
    assert read(table, KNOBS) == {"/burn/gaussian/temperature": Range(-0.1, 0.2, shifts=True)}


def test_a_whole_knob_may_stand_at_every_number_of_its_range():
    assert read({"restore": {"steps": [2, 4]}}, KNOBS)["/restore/steps"].choices == (2.0, 3.0, 4.0)
    shifted = read({"restore": {"steps": {"shift": [-1, 1]}}}, KNOBS)["/restore/steps"]
    assert (shifted.choices, shifted.shifts) == ((-1.0, 0.0, 1.0), True)


def test_a_choice_and_a_switch_take_a_list():
    table = {"burn": {"medium": ["heat", "gaussian"]}, "stage": {"hold": [False, True]}}
    assert [each.choices for each in read(table, KNOBS).values()] == [(1.0, 0.0), (0.0, 1.0)]


@given(share=shares, low=st.floats(-1.0, 0.0), high=st.floats(0.1, 1.0))
def test_what_is_drawn_lies_in_the_range(share, low, high):
    assert low - 1e-6 <= Range(low, high).drawn(share) <= high + 1e-6


@given(share=shares)
def test_every_choice_has_as_much_of_the_range_as_any_other(share):
    assert Range(0.0, 2.0, (0.0, 1.0, 2.0)).drawn(share) == int(share * 3)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (3, "edition takes a table, not 3"),
        ({"burn": {"gausian": {"temperature": [0, 1]}}}, "Did you mean burn.gaussian"),
        ({"words": {"pace": [1, 2]}}, "edition.words.pace changes no picture"),
        ({"restore": {"steps": 3}}, r"edition.restore.steps takes \[low, high\], not 3"),
        ({"restore": {"steps": [3, 2]}}, "the lower one first"),
        ({"restore": {"steps": [2, 3.5]}}, "takes whole numbers"),
        ({"restore": {"steps": [2, 99]}}, "from 1 to 50, not 99"),
        ({"restore": {"steps": {"shfit": [1, 2]}}}, "not {.shfit."),
        ({"burn": {"gaussian": {"temperature": {"shift": [-2.0, 0.1]}}}}, "shift takes a number from -1 to 1, not -2"),
        ({"burn": {"medium": ["heat"]}}, "a list of two or more of gaussian, heat, jpeg"),
        ({"burn": {"medium": ["heat", "heat"]}}, "a list of two or more"),
        ({"burn": {"medium": ["heat", "jpg"]}}, "not 'jpg'. Did you mean jpeg?"),
        ({"stage": {"hold": [True, 1]}}, "takes false, true, not 1"),
    ],
)
def test_what_cannot_be_varied_so_is_refused_with_what_can(table, sentence):
    with pytest.raises(TableError, match=sentence):
        read(table, KNOBS)
