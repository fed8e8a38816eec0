"""Hanging: every output finds its display, today and after somebody has pulled a cable."""

import pytest

from installation.machine.settings import OutputSettings
from installation.stage.displays import Display
from installation.stage.hanging import bound, covered, hung
from installation.stage.outputs import Blend
from installation.stage.placement import Box

ONE, TWO = Display("HDMI-1", Box(0, 0, 1920, 1080)), Display("DP-1", Box(1920, 0, 1280, 720))
LEFT, RIGHT = OutputSettings(name="left"), OutputSettings(name="right")
NAMED = OutputSettings(name="named", display="DP-1")
PLACED = OutputSettings(name="placed", place=(10, 20, 300, 200))


def places(wanted, displays, window=(3200, 1080), before=None):
    hanging = hung(wanted, displays, bound(wanted, before or displays), window)
    return {output.name: output.place for output in hanging.outputs if output.name in hanging.lit}


def test_outputs_take_displays_from_the_left():
    assert places([LEFT, RIGHT], [ONE, TWO]) == {"left": ONE.box, "right": TWO.box}


def test_an_output_that_names_its_display_gets_it_and_the_others_what_is_left():
    assert places([LEFT, NAMED], [ONE, TWO]) == {"left": ONE.box, "named": TWO.box}
    assert places([NAMED, LEFT], [ONE, TWO]) == {"left": ONE.box, "named": TWO.box}


def test_a_place_of_its_own_needs_no_display():
    assert places([PLACED], []) == {"placed": Box(10, 20, 300, 200)}


def test_with_too_few_displays_the_window_is_shared_out():
    assert places([LEFT, RIGHT], [ONE], (1001, 50)) == {"left": Box(0, 0, 500, 50), "right": Box(500, 0, 501, 50)}


@pytest.mark.parametrize("gone", [0, 1])
def test_a_display_that_is_pulled_leaves_only_its_own_output_dark(gone):
    both = [ONE, TWO]
    left = both[1 - gone]
    assert list(places([LEFT, RIGHT], [left], before=both).values()) == [left.box]
    assert len(places([LEFT, RIGHT], both, before=both)) == 2


def test_a_display_that_was_never_there_leaves_its_output_dark():
    assert places([NAMED, PLACED], [ONE]) == {"placed": Box(10, 20, 300, 200)}


def test_the_window_covers_every_display_and_every_place():
    assert covered([LEFT, RIGHT], [ONE, TWO]) == (3200, 1080)
    assert covered([OutputSettings(name="low", place=(0, 1080, 1280, 720))], [ONE]) == (1920, 1800)


def test_without_outputs_or_anything_to_hang_them_on_the_window_is_like_any_other():
    assert covered([], [ONE, TWO]) is None
    assert covered([LEFT, RIGHT], []) is None


def test_what_is_said_of_an_output_arrives():
    said = OutputSettings.model_validate(
        {"name": "said", "place": (0, 0, 64, 64), "rotation": 90, "blend": {"left": 0.1, "power": 3}, "black": 0.02,
         "gain": (1, 0.5, 1), "grid": (((0, 0), (0, 0)), ((0, 0), (0, 0.1)))}
    )  # fmt: skip
    (output,) = hung([said], [], {}, (64, 64)).outputs
    assert (output.rotation, output.blend, output.black) == (90, Blend(left=0.1, power=3.0), 0.02)
    assert (output.gain, output.grid[1][1]) == ((1.0, 0.5, 1.0), (0.0, 0.1))
    assert hash(output) == hash(hung([said], [], {}, (64, 64)).outputs[0])
