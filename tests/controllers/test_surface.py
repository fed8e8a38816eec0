"""Every knob has its place on the surface, nothing lies on anything else, and a finger can hit it."""

from itertools import combinations

import pytest

from installation.control.commands import COMMANDS
from installation.controllers.surface import AT_HAND, HEIGHT, IN_ONE_CELL, TABS, WIDTH, surface
from installation.panels import all_knobs

#: Other tests declare knobs of their own.
KNOBS = {address: knob for address, knob in all_knobs().items() if not address.startswith("/test/")}
PAGES = surface(KNOBS, COMMANDS, ("hearth", "machine-dementia"))
FINGER = 20  # pixels of 1024 x 768: about 4 mm on a tablet of ten inches


def apart(a, b):
    return a.x + a.w <= b.x or b.x + b.w <= a.x or a.y + a.h <= b.y or b.y + b.h <= a.y


def test_every_knob_is_on_the_page_of_its_room():
    placed = {control.address for page in PAGES[1:] for control in page.controls}
    assert placed == set(KNOBS)
    for page in PAGES[1:]:
        assert {control.address.split("/")[1] for control in page.controls} == {page.name}


def test_every_command_that_a_finger_can_give_is_on_the_first_page():
    given = {control.address for control in PAGES[0].controls}
    assert given >= {at for at, each in COMMANDS.items() if each.takes in {"press", "switch"} and "{" not in at}


def test_every_knob_at_hand_is_one_of_the_piece():
    assert set(AT_HAND) <= set(KNOBS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_lies_on_anything_else_or_outside(page):
    frames = [control.frame for control in page.controls]
    assert all(apart(a, b) for a, b in combinations(frames, 2))
    assert all(f.x >= 0 and f.x + f.w <= WIDTH and f.y >= 0 and f.y + f.h <= HEIGHT - TABS for f in frames)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_finger_can_hit_everything(page):
    for control in page.controls:
        parts = [frame for _, frame in control.parts()] or [control.frame]
        assert all(min(frame.w, frame.h) >= FINGER for frame in parts), control.address


def test_a_fader_has_the_range_and_the_default_of_its_knob():
    for control in (each for page in PAGES[1:] for each in page.controls if each.kind == "fader"):
        knob = KNOBS[control.address]
        assert (control.low, control.high, control.default) == (knob.low, knob.high, knob.default)
        assert control.whole == (knob.kind == "whole")


def test_many_choices_have_a_row_to_themselves():
    for page in PAGES:
        for control in page.controls:
            if len(control.choices) > IN_ONE_CELL:
                assert control.frame.w > WIDTH / 2
