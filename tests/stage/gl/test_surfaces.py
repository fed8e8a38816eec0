import numpy as np
import pytest
from PIL import Image

from installation.images import load
from installation.stage.gl.surfaces import triangles
from installation.stage.light import decode, encode
from installation.stage.outputs import DENSITY, Blend, Output, homography, mesh, whole
from installation.stage.placement import Box
from installation.stage.warp import Warp
from tests.conftest import ORIGIN

KEYSTONED = ((0.05, 0.1), (0.9, 0.02), (1.0, 0.95), (0.02, 0.9))
BENT = tuple(tuple((0.02 * ((row + column) % 2), 0.03 * (row - 1)) for column in range(3)) for row in range(3))
SIZE = (320, 180)
WINDOW = (640, 180)


def flat(level):
    return np.full((16, 16, 3), level, np.float32)


def neighbours(**changes):
    """Two projectors of 320 pixels, 64 of which fall on the same strip: together 576."""
    left = Output("left", Box(0, 0, 320, 180), source=(0, 0, 320 / 576, 1), blend=Blend(right=0.2), **changes)
    right = Output("right", Box(320, 0, 320, 180), source=(256 / 576, 0, 1, 1), blend=Blend(left=0.2), **changes)
    return left, right


def wall(seen):
    """The light on the wall behind ``neighbours``, each column the mean of its pixels: 576 columns."""
    columns = decode(seen).mean(axis=0)
    light = np.zeros((576, 3))
    light[:320] += columns[:320]
    light[256:] += columns[320:]
    return light


@pytest.mark.parametrize("level", [0.05, 0.3, 0.7, 1.0])
def test_neighbours_sum_to_one_picture_within_a_255th_of_light(project, level):
    seen = project(WINDOW, canvas=(576, 180)).show(flat(level), neighbours(), turn=2)
    np.testing.assert_allclose(wall(seen), level, atol=1 / 255)


def test_each_output_shows_its_part_in_its_place(project):
    canvas = np.zeros((50, 100, 3), np.float32)
    canvas[:, :50], canvas[:, 50:] = 0.1, 0.7
    halves = [
        Output("right half", Box(0, 0, 50, 50), source=(0.5, 0, 1, 1)),
        Output("left half", Box(60, 10, 40, 40), source=(0, 0, 0.5, 1)),
    ]
    seen = decode(project((100, 50)).show(canvas, halves))
    np.testing.assert_allclose(seen[:, 2:50], 0.7, atol=1e-2)
    np.testing.assert_allclose(seen[10:, 60:98], 0.1, atol=1e-2)
    assert seen[:, 50:60].max() == seen[:10, 60:].max() == 0


def edge(profile):
    """Where a bright run begins, in pixels, from its half-lit border."""
    bright = profile / profile.max()
    first = int(np.argmax(bright > 0.5))
    return first + 0.5 - (bright[first] - 0.5) if first else 0.5 - (bright[first] - 0.5)


def test_a_keystone_lands_its_corners_within_half_a_pixel(project):
    """Small bright squares at the corners of the canvas, found again by their light."""
    keystoned = Output("keystoned", Box(0, 0, *SIZE), corners=KEYSTONED)
    for corner, share in zip(KEYSTONED, ((0, 0), (1, 0), (1, 1), (0, 1)), strict=True):
        canvas = np.zeros((*SIZE[::-1], 3), np.float32)
        spot = np.clip((np.array(share) * (SIZE[0] - 8, SIZE[1] - 8)).astype(int), 0, None)
        canvas[spot[1] : spot[1] + 8, spot[0] : spot[0] + 8] = 1.0
        light = decode(project(SIZE).show(canvas, [keystoned]))[..., 0]
        y, x = (np.indices(light.shape) + 0.5) * light / light.sum()
        middle = (spot + 4) / np.array(SIZE)
        landed = homography(KEYSTONED) @ (*middle, 1.0)
        expected = landed[:2] / landed[2] * SIZE
        assert np.hypot(x.sum() - expected[0], y.sum() - expected[1]) < 0.5
        assert np.hypot(*(expected - np.array(corner) * SIZE)) < 12  # it is that corner


def test_the_outline_of_a_keystone_is_where_its_corners_say(project):
    light = decode(project(SIZE).show(flat(1.0), [Output("k", Box(0, 0, *SIZE), corners=KEYSTONED)]))[..., 0]
    for row in (40, 90, 140):
        down = (row + 0.5) / SIZE[1]
        along = (down - KEYSTONED[0][1]) / (KEYSTONED[3][1] - KEYSTONED[0][1])
        expected = (KEYSTONED[0][0] + along * (KEYSTONED[3][0] - KEYSTONED[0][0])) * SIZE[0]
        assert edge(light[row]) == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"corners": KEYSTONED},
        {"grid": BENT},
        {"corners": KEYSTONED, "grid": BENT, "rotation": 180},
        {"rotation": 90},
        {"source": (0.25, 0.1, 0.85, 0.9), "gain": (1.0, 0.8, 0.6)},
        {"gamma": (1.0, 1.2, 0.9)},
        {"blend": Blend(left=0.3, bottom=0.2), "black": 0.05},
    ],
    ids=["plain", "keystone", "grid", "everything", "turned", "cropped", "gamma", "soft"],
)
def test_a_card_and_a_processor_throw_the_same_picture(project, changes):
    """A smooth picture: they resample differently, the one in light and the other in codes."""
    picture = decode(np.asarray(Image.fromarray(load(ORIGIN, 24, 24)).resize(SIZE, Image.Resampling.BICUBIC)))
    output = Output("one", Box(0, 0, *SIZE), **changes)
    canvas = np.dstack([encode(picture), np.zeros(SIZE[::-1], np.uint8)])
    expected = np.zeros_like(canvas)
    Warp(SIZE).draw(canvas, [output], expected)
    difference = np.abs(project(SIZE).show(picture, [output]).astype(int) - expected[..., :3])
    assert np.quantile(difference, 0.99) <= 4
    assert difference.mean() < 1.0


def test_a_mask_takes_light_away(project, tmp_path):
    Image.fromarray(np.repeat(np.array([[255, 0]], np.uint8), 2, axis=0).repeat(16, axis=0).repeat(16, axis=1)).save(
        tmp_path / "mask.png"
    )
    seen = project((64, 64)).show(flat(1.0), [Output("m", Box(0, 0, 64, 64), mask=tmp_path / "mask.png")])
    assert seen[:, :24].min() == 255
    assert seen[:, 40:].max() == 0


def test_only_the_output_that_changed_is_made_anew(project):
    window = project(WINDOW)
    left, right = neighbours()
    window.show(flat(0.5), [left, right])
    kept = window.painter.surfaces._surfaces[left]
    window.show(flat(0.5), [left, Output("other", right.place)])
    assert window.painter.surfaces._surfaces[left] is kept


def test_an_output_that_reaches_outside_the_window_is_cut_off(project):
    seen = project((64, 64)).show(flat(1.0), [Output("far", Box(40, -20, 64, 64))])
    assert seen[:44, 40:].min() == 255
    assert seen[44:].max() == seen[:, :40].max() == 0


def test_the_triangles_of_a_mesh_cover_it_once():
    corners = np.frombuffer(triangles(5), np.uint32).reshape(-1, 3)
    places = np.stack(np.meshgrid(np.arange(5), np.arange(5)), axis=-1).reshape(-1, 2)[corners].astype(float)
    (ax, ay), (bx, by) = (places[:, 1] - places[:, 0]).T, (places[:, 2] - places[:, 0]).T
    areas = (ax * by - ay * bx) / 2
    np.testing.assert_array_equal(np.abs(areas), 0.5)
    assert np.abs(areas).sum() == 16


def test_a_mesh_is_as_dense_as_the_triangles_expect():
    assert mesh(whole(8, 8)).vertices.shape == (DENSITY, DENSITY, 2)
