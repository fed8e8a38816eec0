"""Restorers that guess nothing: nobody leaves the picture as it is, the demon takes the fire back."""

import pytest
import torch

from installation.burns import MEDIA
from installation.burns.growth import burn
from installation.machine.settings import EngineSettings
from installation.randomness import generator
from installation.restorers import Restoring
from installation.restorers.shelf import Shelf

STEPS = Restoring(steps=5)


@pytest.fixture(params=["none", "demon"])
def restorer(request):
    return Shelf(EngineSettings(), "cpu").take(request.param, None)


def burnt(name="gaussian", temperature=0.5, **deal):
    image = torch.from_numpy(generator(0, 0).uniform(-1.0, 1.0, (1, 3, 32, 32))).float()
    return image, burn(MEDIA[name](temperature=temperature, **deal), image, lambda: generator(1, 1))  # type: ignore[call-arg]


def test_what_cannot_be_taken_back_stays_as_it_is_burnt(restorer):
    _, fire = burnt()
    (step,) = restorer.restore(fire, STEPS, generator(2, 1))
    assert torch.equal(step.denoised, fire.image)


def test_the_demon_takes_back_a_journey_in_as_many_steps_as_asked_for_and_nothing_is_lost():
    image, fire = burnt("brownian", deal="points")
    steps = list(Shelf(EngineSettings(), "cpu").take("demon", None).restore(fire, STEPS, generator(2, 1)))
    assert [step.index for step in steps] == [0, 1, 2, 3, 4]
    assert torch.equal(steps[-1].denoised, image)


def test_they_are_told_apart_in_a_take():
    shelf = Shelf(EngineSettings(), "cpu")
    assert shelf.take("none", None).digest != shelf.take("demon", None).digest
