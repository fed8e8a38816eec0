"""Knobs: one declaration gives an address, a range, words for a person and a typed number."""

import json
import math
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.knobs import KnobError, declared, knob, nearest, panel, read, spoken, understood
from installation.panels import all_knobs


@panel("/test/oven")
@dataclass(frozen=True, slots=True)
class Oven:
    """One knob of each kind."""

    heat: float = knob(0.5, low=-1.0, high=2.0, unit="K", glide=0.25, doc="How hot.")
    top_racks: int = knob(3, low=1, high=9, doc="How many racks.")
    lamp: bool = knob(default=True, doc="Whether one sees.")
    mode: str = knob("roast", choices=("bake", "roast", "grill"), doc="Which way.")


HEAT, RACKS, LAMP, MODE = (declared()[f"/test/oven/{name}"] for name in ("heat", "top-racks", "lamp", "mode"))
KNOBS = (HEAT, RACKS, LAMP, MODE)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()


def test_a_declaration_says_everything_about_its_knob():
    assert (HEAT.kind, HEAT.default, HEAT.low, HEAT.high) == ("number", 0.5, -1.0, 2.0)
    assert (HEAT.unit, HEAT.glide, HEAT.doc) == ("K", 0.25, "How hot.")


def test_the_type_of_the_default_decides_the_kind():
    assert [each.kind for each in KNOBS] == ["number", "whole", "switch", "choice"]


@pytest.mark.parametrize("each", KNOBS, ids=lambda each: each.kind)
@given(value=NUMBERS)
def test_any_number_becomes_one_inside_the_range(each, value):
    assert each.low <= each.parse(value) <= each.high


@given(value=st.floats(-1.0, 2.0))
def test_a_number_inside_the_range_is_taken_as_it_is(value):
    assert HEAT.parse(value) == value


@given(value=NUMBERS)
def test_whole_knobs_take_whole_numbers_only(value):
    assert RACKS.parse(value).is_integer()


def test_a_whole_number_too_large_for_a_float_is_clamped_like_any_other():
    assert (HEAT.parse(10**400), HEAT.parse(-(10**400))) == (2.0, -1.0)


@pytest.mark.parametrize("each", KNOBS, ids=lambda each: each.kind)
@given(value=st.sampled_from([math.nan, math.inf, -math.inf, None, b"1", [], {}, "warm", "1.5", ""]))
def test_what_is_no_number_is_refused_with_the_address_and_what_would_do(each, value):
    with pytest.raises(KnobError) as refused:
        each.parse(value)
    assert each.address in str(refused.value)
    assert each.expects() in str(refused.value)


@pytest.mark.parametrize("name", ["bake", "roast", "grill"])
def test_a_choice_is_taken_and_shown_by_name(name):
    assert MODE.show(MODE.parse(name)) == name


def test_a_misspelt_choice_is_answered_with_the_nearest_one():
    with pytest.raises(KnobError, match=r"one of bake, roast, grill, not 'gril'\. Did you mean grill\?"):
        MODE.parse("gril")


def test_switches_take_and_show_booleans():
    assert [LAMP.show(LAMP.parse(value)) for value in (True, False, 1, 0)] == [True, False, True, False]


@pytest.mark.parametrize(
    ("each", "words"),
    [
        (HEAT, "a number from -1 to 2 K"),
        (RACKS, "a whole number from 1 to 9"),
        (LAMP, "on or off (true or false, 1 or 0)"),
        (MODE, "one of bake, roast, grill"),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_a_knob_says_in_words_what_it_expects(each, words):
    assert each.expects() == words


def test_a_panel_without_values_is_its_defaults():
    assert read(Oven, {}) == Oven()


def test_a_panel_reads_each_value_in_its_own_type():
    values = {"/test/oven/heat": 1.5, "/test/oven/top-racks": 4.0, "/test/oven/lamp": 0.0, "/test/oven/mode": 2.0}
    panel_read = read(Oven, values)
    assert panel_read == Oven(heat=1.5, top_racks=4, lamp=False, mode="grill")
    assert [type(value) for value in (panel_read.top_racks, panel_read.lamp)] == [int, bool]


def test_a_panel_ignores_what_is_not_its_own():
    assert read(Oven, {"/test/other/heat": 2.0}) == Oven()


def test_two_panels_at_one_address_are_refused():
    with pytest.raises(ValueError, match="Two panels at /test/oven: Oven and Oven"):
        panel("/test/oven")(Oven)


def test_a_default_outside_its_range_is_refused():
    @dataclass(frozen=True)
    class Broken:
        heat: float = knob(3.0, low=0.0, high=1.0, doc="Too hot.")

    with pytest.raises(ValueError, match=r"/test/broken/heat: default 3\.0 lies outside 0 to 1"):
        panel("/test/broken")(Broken)


def test_the_register_is_in_alphabetical_order():
    assert list(declared()) == sorted(declared())


def test_every_default_of_the_piece_is_a_value_its_knob_takes():
    from installation.panels import all_knobs

    for each in all_knobs().values():
        assert each.parse(each.show(each.default)) == each.default
        assert each.doc.endswith(".")


@pytest.mark.parametrize(
    ("name", "hint"), [("ember", " Did you mean ember?"), ("embre", " Did you mean ember?"), ("x", "")]
)
def test_only_near_names_are_suggested(name, hint):
    assert nearest(name, ["ember", "archive"]) == hint


def test_knobs_stand_without_heavy_libraries():
    assert "torch" not in vars(sys.modules["installation.knobs"])


def test_what_a_log_keeps_is_understood_again():
    values = {address: knob.default for address, knob in all_knobs().items()}
    said = spoken(values)
    assert said["/burn/medium"] == "gaussian"
    assert understood(json.loads(json.dumps(said))) == values


def test_a_log_of_a_knob_that_is_gone_is_answered_with_the_nearest():
    with pytest.raises(KnobError, match="/loop/colour"):
        understood({"/loop/color": 0.5})
