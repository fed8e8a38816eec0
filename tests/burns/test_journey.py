"""Journeys: Brownian motion that can be taken back, step by step, by whoever has the dice."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns import MEDIA
from installation.burns.brownian import at_home
from installation.burns.journey import STEPS, as_picture, as_points, depart
from installation.randomness import generator


def picture(side=24, count=1):
    return torch.from_numpy(generator(0, 0).uniform(-1.0, 1.0, (count, 3, side, side))).float()


@given(stages=st.integers(1, 50), width=st.floats(0.1, 100.0))
def test_every_particle_comes_home_in_as_many_stages_as_asked_for(stages, width):
    image = picture(count=2)
    *way, arrived = depart(image, width, generator(1, 1)).home(stages)
    assert len(way) == stages - 1
    assert torch.equal(arrived, at_home(image))
    assert torch.equal(as_picture(image, arrived), image)


def test_with_one_bit_of_the_seed_flipped_nobody_comes_home():
    image = picture()
    *_, lost = depart(image, 8.0, generator(1, 1)).home(4, wrong_bits=1)
    assert (lost == at_home(image)).all(dim=1).float().mean() < 0.01


def test_the_lost_have_wandered_on_as_far_again():
    image, width = picture(256), 6.0  # narrow enough that few meet a wall
    *_, lost = depart(image, width, generator(1, 1)).home(4, wrong_bits=1)
    distance = (lost - at_home(image)).double() / 2**16
    middle = distance[..., 48:-48, 48:-48]
    assert float(middle.square().mean().sqrt()) == pytest.approx(width * 2**0.5, rel=0.03)


def test_the_steps_add_up_to_the_width_that_was_asked_for():
    image = picture(256)
    gone = depart(image, 6.0, generator(2, 1))
    distance = ((gone.swarm - at_home(image)).double() / 2**16)[..., 48:-48, 48:-48]
    assert float(distance.square().mean().sqrt()) == pytest.approx(6.0, rel=0.03)
    assert gone.stride * STEPS**0.5 == pytest.approx(6.0)


def test_one_particle_is_one_point_of_light_on_black():
    image = torch.full((1, 3, 24, 24), -1.0)
    image[..., 5, 17] = 1.0
    shown = as_points(image, at_home(image))
    assert divmod(int(shown[0, 0].argmax()), 24) == (5, 17)
    assert (shown == -1.0).float().mean() > 0.8


@pytest.mark.parametrize(("wrong_bits", "found"), [(0, True), (1, False), (62, False)])
def test_the_way_home_ends_with_the_picture_itself_or_with_another(wrong_bits, found):
    image = picture(64)
    burnt = MEDIA["brownian"](temperature=0.6, deal="points", wrong_bits=wrong_bits)(image, generator(1, 1))  # type: ignore[call-arg]
    assert burnt.homeward is not None
    *_, arrived = burnt.homeward(3)
    assert torch.equal(arrived, image) is found
