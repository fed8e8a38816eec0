"""The stochastic point cloud: where the particles are, and how they look."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.brownian import GRAIN, at_home, fold, wander
from installation.burns.cloud import Cloud, cloud, draw, sow
from installation.burns.heat import blur_width
from installation.burns.registry import BurnError
from installation.randomness import generator

SIDES = st.integers(1, 24)
TEMPERATURES = st.floats(0.0, 1.0)


def picture(height, width):
    return torch.from_numpy(generator(0, 0).uniform(-1.0, 1.0, (1, 3, height, width))).float()


def point(row, column, colour=(1.0, 1.0, 1.0), side=16):
    return Cloud(torch.tensor([[row, column]], dtype=torch.float64), torch.tensor([colour]), side, side)


@given(height=SIDES, width=SIDES, temperature=TEMPERATURES, most=st.integers(1, 100))
def test_particles_are_inside_and_no_more_than_asked_for(height, width, temperature, most):
    points = cloud(picture(height, width), temperature, generator(1, 1), most)
    assert points.positions.shape == (min(most, height * width), 2)
    assert points.colours.shape == (min(most, height * width), 3)
    assert (points.positions >= 0).all()
    assert (points.positions < torch.tensor([height, width])).all()


def test_at_rest_every_particle_is_in_the_middle_of_its_pixel_and_has_its_colour():
    image = picture(9, 16)
    points = cloud(image, 0.0, generator(1, 1))
    rows, columns = points.positions.floor().long().unbind(1)
    assert torch.equal(points.positions - points.positions.floor(), torch.full((144, 2), 0.5, dtype=torch.float64))
    assert torch.equal(points.colours, image[0, :, rows, columns].T)
    assert len({*zip(rows.tolist(), columns.tolist(), strict=True)}) == 144


@given(temperature=st.floats(0.01, 1.0))
def test_they_are_the_particles_of_the_medium(temperature):
    image = picture(9, 16)
    points = cloud(image, temperature, generator(3, 1))
    swarm = fold(wander(at_home(image), blur_width(temperature, 16), generator(3, 1)))[0].flatten(1).T.double() / GRAIN
    assert sorted(points.positions.tolist()) == sorted(swarm.tolist())


@given(cooler=TEMPERATURES, hotter=TEMPERATURES)
def test_they_are_the_same_particles_at_every_temperature(cooler, hotter):
    one, other = (cloud(picture(24, 24), temperature, generator(3, 1), 50) for temperature in (cooler, hotter))
    assert torch.equal(one.colours, other.colours)


def test_what_cannot_be_burnt_has_no_particles(rng):
    with pytest.raises(BurnError, match="between 0 and 1"):
        cloud(picture(8, 8), 1.5, rng)


# ------------------------------------------------------------------ drawn


@given(number=st.integers(0, 40), height=SIDES, width=SIDES, seed=st.integers(0, 99))
def test_sowing_loses_no_light(number, height, width, seed):
    rng = generator(seed, 0)
    positions = torch.from_numpy(rng.uniform(-0.5, 1.0, (number, 2)) * [height - 0.5, width - 0.5])
    light = torch.from_numpy(rng.random((number, 3))).float()
    sown = sow(positions, light, height, width)
    torch.testing.assert_close(sown.sum((1, 2)), light.sum(0), atol=1e-4, rtol=1e-5)
    assert float(sown.min()) >= 0.0


@given(row=st.floats(0.0, 14.0), column=st.floats(0.0, 14.0))
def test_a_point_s_light_lies_exactly_where_it_is(row, column):
    sown = sow(torch.tensor([[row, column]], dtype=torch.float64), torch.ones(1, 3), 16, 16)[0].double()
    at = torch.arange(16.0, dtype=torch.float64)
    centre = [float((sown.sum(1) * at).sum()), float((sown.sum(0) * at).sum())]
    assert centre == pytest.approx([row, column], abs=1e-5)


def test_a_point_is_a_light_of_its_colour_on_black():
    drawn = draw(point(8.5, 4.5, (1.0, -1.0, 0.0)), 16, 16)
    assert drawn.dtype == np.uint8
    assert drawn.shape == (16, 16, 3)
    assert drawn[..., 0].argmax() == 8 * 16 + 4
    red, green, blue = drawn[8, 4].tolist()
    assert red > blue > green == 0
    assert drawn[:, 13:].max() == 0


@pytest.mark.parametrize(("height", "width"), [(16, 16), (64, 32), (9, 21)])
def test_a_cloud_fills_any_canvas(height, width):
    drawn = draw(point(8.0, 8.0), height, width)
    assert drawn.shape == (height, width, 3)
    row, column = np.unravel_index(drawn[..., 0].argmax(), (height, width))
    assert [float(row), float(column)] == pytest.approx([height / 2, width / 2], abs=1.0)


def test_a_crowd_is_brighter_than_one_and_burns_nothing_out():
    one = point(8.0, 8.0, (0.0, 0.0, 0.0))
    crowd = Cloud(one.positions.expand(9999, -1), one.colours.expand(9999, -1), 16, 16)
    few = Cloud(one.positions.expand(3, -1), one.colours.expand(3, -1), 16, 16)
    assert draw(one, 16, 16).max() < draw(few, 16, 16).max() < draw(crowd, 16, 16).max() == 255


def test_without_particles_it_is_black():
    assert draw(Cloud(torch.zeros(0, 2, dtype=torch.float64), torch.zeros(0, 3), 8, 8), 8, 8).max() == 0


def test_a_whole_picture_of_particles_at_rest_looks_like_the_picture(photograph):
    drawn = draw(cloud(photograph, 0.0, generator(1, 1)), 64, 64, radius=0.6).astype(float)
    levels = ((photograph[0].permute(1, 2, 0) + 1.0) * 127.5).numpy()
    assert np.corrcoef(drawn.ravel(), levels.ravel())[0, 1] > 0.9
