"""Figures: what stands in a placeholder's place, and the past of readings."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.board import Board
from installation.machine.wires import Wires
from installation.readings import declared
from installation.readings.instruments import on_board
from installation.readings.register import NOT_YET, Missing, Value
from installation.stage.overlays.figures import EVERY, LONGEST, Boards, Figures, Histories, figured, filled, number
from tests.stage.overlays.drawing import FIGURES


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{reading:entropy:.2f} bit", "7.12 bit"),
        ("{reading:memory:.0%} left", "25% left"),
        ("{reading:entropy}", "7.125"),
        ("generation {generation}", "generation 1,437"),
        ("T {knob:/loop/pace:.1f}", "T 1.5"),
        ("{{{reading:entropy:.0f}}}", "{7}"),
        ("plain", "plain"),
        ("{reading:never:.2f} W", "\N{EN DASH} W"),
        ("{knob:/loop/flow:.2f}", "\N{EN DASH}"),
    ],
)
def test_a_placeholder_is_filled_or_shows_a_dash(text, said):
    assert filled(text, FIGURES) == said


@pytest.mark.parametrize(("phase", "said"), [(0, "into it: 1.50"), (1, "out of it: 1.50"), (2, "done: 1.50")])
def test_a_phase_is_said_in_the_words_of_the_scene_and_its_noise_as_a_number(phase, said):
    figures = Figures(phase=phase, sigma=1.5)
    assert filled("{phase:into it|out of it|done}: {sigma:.2f}", figures) == said


def test_what_is_estimated_says_so_and_what_is_missing_shows_no_number():
    figures = Figures(readings={"/reading/watts": Value(212.4, estimated=True), "/reading/joules": Missing()})
    assert filled("{reading:watts:.0f} W, {reading:joules:.1f} J", figures) == "≈ 212 W, \N{EN DASH} J"


def test_a_minus_is_as_wide_as_a_plus():
    assert figured(-1.5, ".1f") == "\N{MINUS SIGN}1.5"


@given(st.floats(), st.sampled_from([".4g", ".2f", "+,.0f", ".0%", ".3e"]))
def test_any_number_can_be_said(value, style):
    said = figured(value, style)
    assert said == "\N{EN DASH}" or (said and math.isfinite(value) and "-" not in said)


def test_a_score_that_the_engine_plays_shows_a_dash():
    assert filled("{knob:/loop/pace:.2f}", Figures(knobs={"/loop/pace": math.nan})) == "\N{EN DASH}"


def test_the_past_is_told_in_seconds_ago_without_what_is_missing():
    past = Histories()
    for second in range(10):
        past.note(100.0 + second, {"/reading/a": Value(float(second)) if second % 2 else NOT_YET})
    ago, values = past.of("/reading/a", 5.0)
    np.testing.assert_array_equal(ago, [4.0, 2.0, 0.0])
    np.testing.assert_array_equal(values, [5.0, 7.0, 9.0])


def test_the_past_is_noted_only_so_often():
    past = Histories()
    for tick in range(100):
        past.note(tick * EVERY / 10, {"/reading/a": Value(tick)})
    assert len(past.of("/reading/a", 1e9)[0]) == 10


def test_the_past_never_grows_beyond_half_an_hour():
    past = Histories()
    for note in range(LONGEST + 500):
        past.note(note * EVERY, {"/reading/a": Value(float(note))})
    ago, values = past.of("/reading/a", 1e9)
    assert len(ago) == LONGEST
    assert ago[0] == (LONGEST - 1) * EVERY
    assert values[-1] == LONGEST + 499


def test_nobody_has_a_past_that_was_never_noted():
    assert len(Histories().of("/reading/a", 60.0)[0]) == 0


def test_without_boards_nothing_is_known(tmp_path):
    boards = Boards(Wires(tmp_path))
    assert boards.readings() == {}
    assert boards.playing()["generation"] == 0


def test_boards_are_read_as_they_are_laid(tmp_path):
    wires = Wires(tmp_path)
    latest = dict.fromkeys(declared(), NOT_YET) | {"/reading/entropy": Value(7.5)}
    Board.create(wires.vitals("conductor"), on_board(latest)).close()
    Board.create(wires.vitals("engine"), {"serial": 12.0}).close()
    boards = Boards(wires)
    assert boards.readings()["/reading/entropy"] == Value(7.5)
    assert math.isnan(number(boards.readings()["/reading/memory"]))
    assert boards.playing()["generation"] == 12


def test_a_board_that_is_laid_late_or_is_only_half_laid_is_joined_once_it_is_whole(tmp_path):
    wires = Wires(tmp_path)
    boards = Boards(wires)
    wires.vitals("engine").write_bytes(b"\0" * 12)
    assert boards.playing()["generation"] == 0
    Board.create(wires.vitals("engine"), {"serial": 3.0}).close()
    assert boards.playing()["generation"] == 3


def test_a_board_of_another_version_says_nothing(tmp_path):
    Board.create(Wires(tmp_path).vitals("conductor"), {"/reading/entropy": 7.5}).close()
    assert Boards(Wires(tmp_path)).readings() == {}
