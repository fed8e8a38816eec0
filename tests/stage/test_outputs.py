"""Outputs: where every pixel goes and how much light it gets, as laws."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from installation.stage.outputs import (
    SQUARE,
    Blend,
    Output,
    OutputError,
    check,
    folds,
    homography,
    mended,
    mesh,
    on_canvas,
    ramp,
    ramps,
    shading,
    share_of,
    splines,
    whole,
)
from installation.stage.placement import Box

SCREEN = (640, 180)
LEFT, RIGHT = Box(0, 0, 320, 180), Box(320, 0, 320, 180)
BENT = tuple(
    tuple((0.03 * np.sin(2 * row + column), -0.04 * np.cos(row * column)) for column in range(4)) for row in range(3)
)
KEYSTONED = ((0.05, 0.1), (0.9, 0.02), (1.0, 0.95), (0.02, 0.9))

inwards = st.floats(0.0, 0.3)
corners = st.builds(
    lambda a, b, c, d, e, f, g, h: ((a, b), (1 - c, d), (1 - e, 1 - f), (g, 1 - h)), *[inwards for _ in range(8)]
)
powers = st.floats(1.0, 4.0)
turns = st.sampled_from([0, 90, 180, 270])


def output(name="left", place=LEFT, **changes):
    return Output(name, place, **changes)


def neighbours(width=0.1, power=2.0, **changes):
    """Two projectors side by side that both throw the middle ``width`` of the canvas."""
    middle, soft = 0.5 + width / 2, width / (0.5 + width / 2)
    left = output(source=(0.0, 0.0, middle, 1.0), blend=Blend(right=soft, power=power), **changes)
    right = output("right", RIGHT, source=(1 - middle, 0, 1, 1), blend=Blend(left=soft, power=power), **changes)
    return left, right


def across(weights, output, at):
    """A row of weights, looked up where it falls on the canvas; nothing beyond the output."""
    left, _, right, _ = output.source
    centres = left + (np.arange(len(weights)) + 0.5) / len(weights) * (right - left)
    inside = (at > left) & (at < right)
    return np.where(inside, np.interp(at, centres, weights), 0.0)


# ---------------------------------------------------------------------- keystone


@given(corners=corners)
def test_a_homography_takes_the_squares_corners_to_the_corners_it_was_given(corners):
    landed = np.append(np.array(SQUARE), np.ones((4, 1)), axis=1) @ homography(corners).T
    np.testing.assert_allclose(landed[:, :2] / landed[:, 2:], corners, atol=1e-9)


def test_the_square_itself_is_left_alone():
    np.testing.assert_allclose(homography(SQUARE), np.eye(3), atol=1e-12)


def test_straight_lines_stay_straight_under_a_keystone():
    surface = mesh(output(corners=KEYSTONED)).vertices.astype(np.float64)
    for line in (*surface, *surface.swapaxes(0, 1)):
        along, away = line - line[0], line[-1] - line[0]
        assert np.abs(along[:, 0] * away[1] - along[:, 1] * away[0]).max() / np.hypot(*away) < 1e-3


def test_corners_in_a_line_are_refused_with_a_sentence():
    with pytest.raises(OutputError, match="lie in a line; move one"):
        homography(((0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (0.0, 0.0)))


# ---------------------------------------------------------------------- grid


@given(count=st.integers(2, 9), at=st.lists(st.floats(-0.5, 1.5), min_size=1))
def test_the_weights_of_control_points_sum_to_one_everywhere(count, at):
    np.testing.assert_allclose(splines(count, np.array(at)).sum(axis=1), 1.0, atol=1e-12)


@given(count=st.integers(2, 9))
def test_the_surface_goes_through_its_control_points(count):
    np.testing.assert_allclose(splines(count, np.linspace(0, 1, count)), np.eye(count), atol=1e-12)


@given(count=st.integers(2, 9), at=st.lists(st.floats(0, 1), min_size=1))
def test_control_points_in_a_straight_line_make_a_straight_line(count, at):
    np.testing.assert_allclose(splines(count, np.array(at)) @ np.linspace(2, 5, count), 2 + 3 * np.array(at))


def test_a_grid_moves_its_control_points_by_what_it_says():
    moved = mesh(output(grid=BENT), 13).vertices - mesh(output(), 13).vertices
    np.testing.assert_allclose(moved[::6, ::4], np.array(BENT) * (320, 180), atol=1e-4)


@pytest.mark.parametrize(("grid", "corners"), [((), KEYSTONED), (BENT, SQUARE), (BENT, KEYSTONED)])
def test_what_each_pixel_shows_is_the_inverse_of_where_the_surface_goes(grid, corners):
    import cv2

    bent = output(grid=grid, corners=corners)
    surface, share = mesh(bent, 65), share_of(bent)
    there = surface.vertices - np.float32(0.5)  # pixel centres
    back = cv2.remap(share.copy(), there[..., 0], there[..., 1], cv2.INTER_LINEAR)
    inside = ((there > 1) & (there < (318, 178))).all(axis=-1)
    wanted = np.stack(np.meshgrid(*[np.linspace(0, 1, 65)] * 2), axis=-1)
    assert np.abs((back - wanted)[inside] * (320, 180)).max() < 0.1


# ---------------------------------------------------------------------- canvas


@pytest.mark.parametrize(
    ("rotation", "top_left"), [(0, (0.2, 0.1)), (90, (0.2, 0.9)), (180, (0.6, 0.9)), (270, (0.6, 0.1))]
)
def test_a_quarter_turn_clockwise_brings_the_bottom_left_to_the_top_left(rotation, top_left):
    turned = output(source=(0.2, 0.1, 0.6, 0.9), rotation=rotation)
    np.testing.assert_allclose(on_canvas(turned, np.zeros(2)), top_left)


@given(rotation=turns)
def test_however_it_is_turned_an_output_throws_exactly_its_source(rotation):
    canvas = mesh(output(source=(0.25, 0.0, 0.75, 0.5), rotation=rotation)).canvas
    assert (canvas.min(axis=(0, 1)).tolist(), canvas.max(axis=(0, 1)).tolist()) == ([0.25, 0.0], [0.75, 0.5])


def test_one_output_over_the_whole_window_changes_nothing():
    plain = whole(64, 36)
    assert plain.straight
    weights, lifts = shading(plain)
    assert (weights == 1).all()
    assert (lifts == 0).all()
    assert check([plain], (64, 36)) == ()


# ---------------------------------------------------------------------- light


@given(t=st.floats(-1, 2), power=powers)
def test_a_ramp_and_its_mirror_image_sum_to_one(t, power):
    at = np.array([t, 1 - t])
    assert ramp(at, power).sum() == pytest.approx(1.0)


@given(power=powers)
def test_a_ramp_rises_from_nothing_to_everything(power):
    rising = ramp(np.linspace(0, 1, 101), power)
    assert (rising[0], rising[50], rising[100]) == (0.0, 0.5, 1.0)
    assert (np.diff(rising) >= 0).all()


@given(shared=st.integers(1, 320), power=powers)
def test_two_projectors_that_overlap_make_even_light(shared, power):
    left, right = neighbours(width=shared / (640 - shared), power=power)
    wall = np.zeros(640 - shared)
    wall[:320] += ramps(left)[90]
    wall[-320:] += ramps(right)[90]
    np.testing.assert_allclose(wall, 1.0, atol=1e-3)  # a quarter of a code; places are float32


def test_four_projectors_that_meet_in_a_corner_make_even_light():
    soft = 0.1 / 0.55
    low, high = (0.0, 0.55), (0.45, 1.0)
    total = np.zeros((100, 100))
    for top, bottom in (low, high):
        for left, right in (low, high):
            blend = Blend(left > 0 and soft, top > 0 and soft, right < 1 and soft, bottom < 1 and soft)
            one = Output("one", Box(0, 0, 55, 55), source=(left, top, right, bottom), blend=blend)
            x, y = round(left * 100), round(top * 100)
            total[y : y + 55, x : x + 55] += ramps(one)
    np.testing.assert_allclose(total, 1.0, atol=1e-6)


@pytest.mark.parametrize("picture", [0.0, 0.3, 1.0])
def test_the_black_that_leaks_twice_where_they_overlap_is_seen_nowhere(picture):
    leak, at = 0.04, np.linspace(0.02, 0.98, 300)
    at = at[(np.abs(at - 0.45) > 0.004) & (np.abs(at - 0.55) > 0.004)]  # a pixel about the very edge
    total = np.zeros_like(at)
    for one in neighbours(black=leak):
        weights, lifts = shading(one)
        thrown = picture * weights[90] + lifts[90] + leak
        total += across(thrown, one, at)
    np.testing.assert_allclose(total, total[0], atol=1 / 255)
    assert total.max() <= 1.0 + leak + 1e-3


@given(corners=corners)
def test_a_soft_edge_goes_with_the_keystone(corners):
    one = output(place=Box(0, 0, 96, 64), corners=corners, blend=Blend(right=0.25))
    share, weights = share_of(one), ramps(one)
    inside = ((share > 0) & (share < 1)).all(axis=-1)
    np.testing.assert_allclose(weights[inside], ramp((1 - share[inside][:, 0]) / 0.25, 2.0), atol=1e-5)
    assert weights[~inside].max(initial=0.0) == 0


def test_a_slanted_outline_has_the_area_of_its_quadrilateral_to_a_thousandth():
    weights, _ = shading(output(corners=KEYSTONED))
    x, y = np.array(KEYSTONED).T
    area = 0.5 * abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))
    assert weights.mean() == pytest.approx(area, abs=1e-3)


def test_a_mask_holds_back_the_light_where_it_is_black(tmp_path):
    Image.fromarray(np.repeat([np.repeat([0, 255], 160)], 180, axis=0).astype(np.uint8)).save(tmp_path / "door.png")
    weights, _ = shading(output(mask=tmp_path / "door.png"))
    assert (weights[:, :160] == 0).all()
    assert (weights[:, 160:] == 1).all()


# ---------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    "corners",
    [
        ((1.0, 0.0), (0.0, 0.0), (1.0, 1.0), (0.0, 1.0)),  # crossed
        ((1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (1.0, 1.0)),  # seen from behind
        ((0.0, 0.0), (1.0, 0.0), (0.2, 0.2), (0.0, 1.0)),  # hollow
        ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
    ],
)
def test_a_warp_that_folds_over_itself_is_named_and_drawn_straight(corners):
    straight, sentences = mended(output(corners=corners), SCREEN)
    assert straight.straight
    assert "left folds over itself" in sentences[0]


def test_a_grid_that_folds_is_found_too():
    assert folds(output(grid=(((0.0, 0.0), (0.9, 0.0), (-0.9, 0.0), (0.0, 0.0)),) * 2))
    assert not folds(output(grid=BENT))


@given(corners=corners)
def test_corners_moved_inwards_by_less_than_a_third_never_fold(corners):
    assert not folds(output(corners=corners))


def test_a_mask_that_cannot_be_read_is_named_and_left_out(tmp_path):
    (tmp_path / "mask.png").write_bytes(b"no picture")
    bare, sentences = mended(output(mask=tmp_path / "mask.png"), SCREEN)
    assert bare.mask is None
    assert "left is shown without its mask" in sentences[0]
    assert mended(output(mask=Path("nowhere.png")), SCREEN)[0].mask is None


def test_an_output_outside_the_screen_is_named():
    assert "outside the screen of 640 x 180" in check([output(place=Box(600, 0, 320, 180))], SCREEN)[0]


def test_outputs_that_lie_over_each_other_are_named():
    assert "lie over each other" in check([output(), output("b", Box(100, 0, 320, 180))], SCREEN)[0]


def test_neighbours_that_blend_exactly_are_in_order():
    assert check(neighbours(), SCREEN) == ()


@given(rotation=turns)
def test_the_width_that_is_asked_for_is_the_one_that_makes_it_right(rotation):
    left, right = neighbours(width=0.2, rotation=rotation)
    edges = ("left", "top", "right", "bottom")
    names = [edges[(side + rotation // 90) % 4] for side in (2, 0)]
    told = check([output(source=left.source, rotation=rotation), right_of(right, rotation)], SCREEN)
    assert len(told) == 2
    assert f"its blend.{names[0]} is 0 and should be 0.3333" in told[0]
    mended = [
        output(one.name, one.place, source=one.source, rotation=rotation, blend=Blend(**{name: 1 / 3}))
        for one, name in zip((left, right), names, strict=True)
    ]
    assert check(mended, SCREEN) == ()


def right_of(right, rotation):
    return output("right", right.place, source=right.source, rotation=rotation)


def test_two_outputs_that_show_the_same_are_meant_to():
    assert check([output(), output("copy", RIGHT)], SCREEN) == ()
    detail = output("detail", RIGHT, source=(0.2, 0.2, 0.4, 0.4))
    assert check([output(), detail], SCREEN) == ()
