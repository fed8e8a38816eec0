"""Cues and modulators in the whole show: fired over OSC, heard of, and on the board as numbers."""

import math

import pytest

from tests.control.test_doors import Phone, calling
from tests.support import until
from tests.system.performance import log_of, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

TEMPERATURE = "/burn/gaussian/temperature"
PLAYED = """
[modulate.loop.zoom]
kind = "walk"
depth = 0.01
relaxation = 0.5

[modulate.loop.rotate]
kind = "follower"
input = "level"
depth = 5.0

[[cue]]
number = 1
fade = 0.2
follow = "auto-follow"
[cue.burn.gaussian]
temperature = 0.8

[[cue]]
number = 1.5
fade = 0.0
[cue.burn]
medium = "heat"
"""


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def media(state):
    """The media of the take's generations."""
    generations = [line["generation"] for line in log_of(state) if "generation" in line]
    return {each["medium"] for each in generations}  # type: ignore[index]


def test_a_go_and_what_follows_it_reach_the_loop_as_numbers(tmp_path, state):
    scene = scene_file(tmp_path, gaussian="temperature = { score = [[0, 0.2], [10, 0.4]] }")
    scene.write_text(scene.read_text() + PLAYED)
    with performing(scene, state, "--record", "--seed", "3") as show, calling(Phone, show) as peer:
        show.reaches(2)
        assert math.isnan(show.knob(TEMPERATURE))  # the engine plays the score
        zoom = show.knob("/loop/zoom")
        until(lambda: show.knob("/loop/zoom") != zoom)
        peer.say("/go")
        until(lambda: show.knob(TEMPERATURE) == 0.8)
        until(lambda: media(state) == {"gaussian", "heat"}, 30.0)
        peer.say("/cue/current", "?")
        assert peer.replied()["value"] == "1.5"
        peer.say("/in/level", 1.0)
        until(lambda: show.knob("/loop/rotate") > 2.0)
        assert "Traceback" not in show.stop()
    assert [line["message"]["address"] for line in log_of(state) if "message" in line] == ["/go", "/in/level"]  # type: ignore[index]
