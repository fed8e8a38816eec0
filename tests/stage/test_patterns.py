"""Test patterns: what a projectionist relies on them to show."""

import numpy as np
import pytest

from installation.stage.light import curve
from installation.stage.outputs import Blend, Output, mesh, shading
from installation.stage.patterns import BENT, FIELDS, drawn
from installation.stage.placement import Box
from installation.stage.testcard import Face

CANVAS = (576, 180)
LEFT = Output("left", Box(0, 0, 320, 180), source=(0, 0, 320 / 576, 1), blend=Blend(right=0.2))
RIGHT = Output("right", Box(320, 0, 320, 180), source=(256 / 576, 0, 1, 1), blend=Blend(left=0.2))
BENT_LEFT = Output("left", Box(0, 0, 320, 180), corners=((0.1, 0.1), (0.9, 0.0), (1.0, 1.0), (0.0, 0.9)))
EVERY = [*FIELDS, *BENT, "ramp", "checker", "focus", "bar"]


def light(pattern, output, number=1, **face):
    return curve(drawn(pattern, output, Face(number, **face), CANVAS) / 255.0)


@pytest.mark.parametrize("pattern", EVERY)
@pytest.mark.parametrize("rotation", [0, 90])
def test_every_pattern_fills_an_output_of_any_shape_and_hides_nothing_else(pattern, rotation):
    odd = Output("odd", Box(5, 7, 161, 90), rotation=rotation)
    card = drawn(pattern, odd, Face(3, 2, ("a line",)), (161, 90), 1.5)
    assert (card.shape, card.dtype.name) == ((90, 161, 3), "uint8")
    assert (card.max() > 0) == (pattern != "black")


@pytest.mark.parametrize("pattern", ["white", "grey", "red", "green", "blue"])
def test_fields_of_two_projectors_make_one_even_field(pattern):
    wall = np.zeros((180, 576, 3))
    wall[:, :320] += light(pattern, LEFT)
    wall[:, 256:] += light(pattern, RIGHT)
    np.testing.assert_allclose(wall.mean(axis=0), np.broadcast_to(FIELDS[pattern], (576, 3)), atol=1.01 / 255)


def test_black_shows_the_lift_of_black():
    lifted = Output("left", LEFT.place, source=LEFT.source, blend=LEFT.blend, black=0.03)
    np.testing.assert_allclose(light("black", lifted)[..., 0], shading(lifted).lifts, atol=0.002)


def test_lines_of_the_grid_lie_on_each_other_where_projectors_overlap():
    left, right = (light("grid", output).min(axis=-1) for output in (LEFT, RIGHT))
    rows = slice(60, 120)  # away from frames and letters
    bare = left[rows, 258:318] < 0.05
    assert (bare == (right[rows, 2:62] < 0.05)).mean() > 0.95
    assert not bare.all()


def test_a_grid_goes_with_the_keystone_and_is_black_beyond():
    card = light("grid", BENT_LEFT)
    assert card[shading(BENT_LEFT).weights == 0].max() == 0
    for x, y in mesh(BENT_LEFT, 9).vertices[[0, 0, -1, -1], [2, 6, 2, 6]]:
        near = card[max(int(y) - 3, 0) : int(y) + 4, int(x) - 2 : int(x) + 3]
        assert near.max() > 0.5  # its outline


def test_outputs_are_told_apart_by_number_name_and_colour():
    left, right = drawn("grid", LEFT, Face(1), CANVAS), drawn("grid", RIGHT, Face(2), CANVAS)
    assert left[2, 160].argmax() == 0
    assert right[2, 160].argmax() == 2
    assert (left[50:130, 120:200] != right[50:130, 120:200]).any()


def test_the_corner_in_hand_is_marked():
    held, free = light("grid", LEFT, corner=2), light("grid", LEFT)
    changed = np.argwhere((held != free).any(axis=-1))
    assert (changed.min(axis=0) > (140, 280)).all()


def test_soft_edges_and_nothing_else_are_painted_by_overlap():
    card = light("overlap", LEFT)
    assert card[60:120, 262:318, 0].mean() > 0.3
    assert card[60:80, 5:60].mean() < 0.1


def test_every_other_pixel_of_the_checker_is_white_whatever_the_warp():
    card = drawn("checker", BENT_LEFT, Face(1), CANVAS)[..., 0]
    assert (card[::2, ::2] == 0).all()
    assert (card[::2, 1::2] == 255).all()
    assert (card[1::2] == 255 - card[::2]).all()


def test_a_ramp_rises_from_black_to_white_in_light_of_its_own_projector_only():
    card = drawn("ramp", LEFT, Face(1), CANVAS)
    smooth = card[54].astype(int)
    assert (np.diff(smooth, axis=0) >= 0).all()
    assert smooth[0].max() <= 1
    assert smooth[-1].min() >= 254
    assert len(np.unique(card[5, :, 0])) == 17


def test_a_focus_star_has_equal_black_and_white_and_no_colour():
    card = light("focus", LEFT)
    assert (card[..., 0] == card[..., 2]).all()
    middle = card[30:150, 100:220, 0]
    assert middle[np.hypot(*(np.mgrid[0:120, 0:120] - 59.5)) < 55].mean() == pytest.approx(0.5, abs=0.02)


def test_the_bar_moves_as_far_in_any_second_and_comes_round():
    def left(seconds):
        return int(drawn("bar", LEFT, Face(1), CANVAS, seconds)[0, :, 0].argmax())

    assert [left(0.0), left(1.0), left(2.0), left(3.0), left(4.0)] == [0, 80, 160, 240, 0]
    assert (drawn("bar", LEFT, Face(1), CANVAS, 1.0) == drawn("bar", LEFT, Face(1), CANVAS, 1.0)[0]).all()
