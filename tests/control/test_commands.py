"""Commands take what controllers send, and the table of addresses is complete."""

import math

import pytest

from installation.control.commands import COMMANDS, SYSTEM, Command, CommandError, Commands, markdown, places
from installation.knobs import Knob

HEAT = Knob("/burn/temperature", "number", 0.3, 0.0, 1.0, "", 0.5, "How far | how hot.")
BLACK = Knob("/stage/black", "switch", 0.0, 0.0, 1.0, "", 0.0, "Black.")


@pytest.mark.parametrize("argument", [True, 1, 1.0, 127])
def test_a_switch_takes_what_buttons_send(argument):
    assert COMMANDS["/panic/black"].parse((argument,)) is True


@pytest.mark.parametrize("argument", [False, 0, 0.0])
def test_letting_a_button_go_is_no_press(argument):
    assert COMMANDS["/record/start"].parse((argument,)) is False


def test_a_switch_without_argument_is_on():
    assert COMMANDS["/panic/black"].parse(()) is True


def test_texts_are_texts():
    assert COMMANDS["/scene/load"].parse(("hearth",)) == "hearth"
    assert COMMANDS["/knob/release"].parse(()) == ""


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        ("/scene/load", ()),
        ("/scene/load", (1,)),
        ("/panic/black", ("on",)),
        ("/panic/black", (math.nan,)),
        ("/record/start", (1, 2)),
    ],
)
def test_what_a_command_does_not_take_is_refused_with_what_it_takes(address, arguments):
    with pytest.raises(CommandError, match=f"{address} takes"):
        COMMANDS[address].parse(arguments)


def test_the_table_has_a_line_of_four_cells_for_every_knob_and_command():
    lines = markdown({HEAT.address: HEAT, BLACK.address: BLACK}).splitlines()
    assert len(lines) == 2 + len(COMMANDS) + len(SYSTEM) + 2
    assert all(line.replace("\\|", "").count("|") == 5 for line in lines)
    assert "| `/burn/temperature` | a number from 0 to 1 | 0.3 | How far \\| how hot. |" in lines
    assert lines[-1].split("|")[3].strip() == "off"


CUES = Commands((Command("/go", "press", "The next cue."), Command("/cue/{number}/go", "press", "This cue.")))


def test_a_template_stands_for_every_address_that_fits_it():
    assert CUES["/cue/12.5/go"] is CUES["/cue/{number}/go"]
    assert places("/cue/{number}/go", "/cue/12.5/go") == ("12.5",)


@pytest.mark.parametrize("address", ["/cue//go", "/cue/1/2/go", "/cue/*/go", "/cue/1/go/", "/cue/1 2/go"])
def test_what_does_not_fit_a_template_has_no_command(address):
    assert address not in CUES
    assert places("/cue/{number}/go", address) == ()


def test_no_address_is_declared_twice():
    with pytest.raises(ValueError, match="/go is declared twice"):
        Commands((*CUES.values(), CUES["/go"]))


def test_numbers_are_numbers():
    nudge, turn = Command("/a", "two numbers", ""), Command("/b", "number", "")
    assert nudge.parse((1, 2.5)) == (1, 2.5)
    assert turn.parse((3,)) == 3.0


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2, 3), (1, "2"), (1, math.inf)])
def test_two_numbers_are_neither_one_nor_three_nor_words(arguments):
    with pytest.raises(CommandError, match="takes two numbers"):
        Command("/a", "two numbers", "").parse(arguments)
