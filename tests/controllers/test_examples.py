"""The examples for SuperCollider and Pure Data speak only to what listens, and hear only what is said."""

import re
from pathlib import Path

import pytest

from installation.control.commands import COMMANDS, SYSTEM
from installation.panels import all_knobs
from installation.readings import declared

FOLDER = Path(__file__).parents[2] / "deploy" / "controllers"
SPOKEN = {*all_knobs(), *COMMANDS, *SYSTEM}


def patch():
    """The objects of the patch, by number, and its wires."""
    lines = (FOLDER / "burntout.pd").read_text().replace("\\,", ",").splitlines()[1:]
    things = [line.removesuffix(";").split(maxsplit=4) for line in lines if not line.startswith("#X connect")]
    wires = [tuple(map(int, line.removesuffix(";").split()[2:])) for line in lines if line.startswith("#X connect")]
    return [(kind, text) for _, kind, _, _, text in things], wires


def test_what_supercollider_tells_is_listened_to():
    told = re.findall(r"~tell\.\('([^']+)'", (FOLDER / "burntout.scd").read_text())
    assert len(told) > 3
    assert set(told) <= SPOKEN


def test_what_supercollider_hears_is_measured():
    heard = re.findall(r"'(/reading/[^']+)'", (FOLDER / "burntout.scd").read_text())
    assert set(heard) == {"/reading/entropy", "/reading/memory"} <= set(declared())


def test_the_brackets_of_the_supercollider_example_close():
    code = re.sub(r"//.*|\"[^\"]*\"|'[^']*'", "", (FOLDER / "burntout.scd").read_text())
    for opening, closing in ("()", "{}", "[]"):
        assert code.count(opening) == code.count(closing)


def test_what_the_patch_tells_is_listened_to():
    told = ["/" + "/".join(text.split()[1:]) for kind, text in patch()[0] if text.startswith("oscformat")]
    assert len(told) >= 3
    assert set(told) <= SPOKEN


def test_what_the_patch_hears_is_measured():
    (heard,) = (text.split()[1:] for kind, text in patch()[0] if text.startswith("route ") and text != "route reading")
    assert {f"/reading/{name}" for name in heard} <= set(declared())


def test_every_wire_of_the_patch_ends_at_something_that_can_have_one():
    things, wires = patch()
    assert wires
    for source, _, target, _ in wires:
        assert "text" not in {things[source][0], things[target][0]}


@pytest.mark.parametrize("name", ["entropy", "memory"])
def test_what_the_patch_sends_to_itself_is_received(name):
    texts = [text for _, text in patch()[0]]
    assert {f"s burntout-{name}", f"r burntout-{name}"} <= set(texts)
