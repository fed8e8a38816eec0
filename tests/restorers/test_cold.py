"""Cold diffusion: what it promises for any restorer, and what it is for white noise."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns import MEDIA, burn
from installation.burns.animorphosis import Animorphosis
from installation.burns.heat import Heat
from installation.randomness import generator
from installation.records import Burnt
from installation.restorers import Restoring, cold
from installation.restorers.samplers import euler
from installation.restorers.sampling import walk
from tests.support import wiener

STEPS = st.integers(1, 20)
TEMPERATURES = st.floats(0.05, 1.0)


def normal(serial, side=8):
    return torch.from_numpy(generator(3, serial).standard_normal((1, 3, side, side)))


def wrong(burnt):
    """A restorer that cannot be trusted in the least."""
    return torch.sin(3.0 * burnt.image) + burnt.temperature


def burnt_by(medium, temperature, image) -> Any:
    return burn(replace(medium, temperature=temperature), image, lambda: generator(1, 1))


def last(steps):
    *_, end = steps
    return end.denoised


def additive(image, temperature):
    """D(x, T) = x + T e: the fire of the paper's own proof (section 3.3)."""

    def again(guess, cooler):
        return Burnt(guess + cooler * normal(1), cooler, cooler, again=again)

    return again(image, temperature)


@given(steps=STEPS, temperature=TEMPERATURES)
def test_algorithm_2_is_exact_for_any_restorer_where_the_fire_adds(steps, temperature):
    restored = last(cold.improved(wrong, additive(normal(0), temperature), steps))
    torch.testing.assert_close(restored, normal(0), atol=1e-13, rtol=0.0)


@given(steps=STEPS, temperature=TEMPERATURES)
def test_algorithm_1_is_as_wrong_as_its_restorer(steps, temperature):
    restored = last(cold.naive(wrong, additive(normal(0), temperature), steps))
    assert float((restored - normal(0)).square().mean().sqrt()) > 0.5


def vague(x, sigma):
    """A restorer of variance-exploding noise that is neither right nor linear."""
    return torch.tanh(x / (1.0 + sigma**2))


@given(steps=STEPS, temperature=st.floats(0.05, 0.95))
def test_algorithm_2_with_estimated_noise_is_ddim(steps, temperature):
    """D(x0, T) = cos x0 + sin z with z = (x - cos R) / sin is eta = 0 of Song et al. 2021, in whatever steps."""
    x = Burnt(normal(0), temperature, math.tan(math.pi * temperature / 2))

    def estimating(here, guess):
        phi = math.pi * here.temperature / 2
        z = (here.image - math.cos(phi) * guess) / math.sin(phi)

        def again(clean, cooler):
            turned = math.pi * cooler / 2
            return Burnt(math.cos(turned) * clean + math.sin(turned) * z, cooler, math.tan(turned))

        return again

    for cool in cold.cooling(temperature, steps)[1:]:
        guess = vague(x.image / math.cos(math.pi * x.temperature / 2), x.sigma)
        again = estimating(x, guess)
        (step, *_) = cold.improved(lambda _: guess, replace(x, again=again), 1)  # noqa: B023 - used at once
        cooler = again(guess, cool)
        moved = x.image - again(guess, x.temperature).image + cooler.image
        torch.testing.assert_close(again(guess, x.temperature).image, x.image, atol=1e-14, rtol=1e-14)
        torch.testing.assert_close(step.denoised, guess, atol=1e-14, rtol=1e-14)
        x = replace(cooler, image=moved)
    sigmas = [math.tan(math.pi * t / 2) for t in cold.cooling(temperature, steps)]
    begun = normal(0) / math.cos(math.pi * temperature / 2)
    torch.testing.assert_close(x.image, last(euler(vague, begun, sigmas, generator(0, 0))), atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("temperature", [0.3, 0.7, 0.95])
def test_the_leopard_is_no_secret_key(photograph, temperature):
    """Below T = 1 who knows z has the picture: x0 = (x - sin z) / cos, and one cold step with no restorer at all."""
    burnt = burnt_by(Animorphosis(), temperature, photograph)
    leopard = burnt.again(torch.zeros_like(photograph), temperature).image
    torch.testing.assert_close(
        (burnt.image - leopard) / math.cos(math.pi * temperature / 2), photograph, atol=3e-5, rtol=0.0
    )


@pytest.mark.parametrize("name", sorted(MEDIA))
def test_a_restorer_that_is_right_is_right_with_either_algorithm(name, photograph):
    burnt = burnt_by(MEDIA[name](), 0.4, photograph)
    for algorithm in (cold.improved, cold.naive):
        torch.testing.assert_close(last(algorithm(lambda _: photograph, burnt, 3)), photograph, atol=1e-6, rtol=0.0)


@given(steps=STEPS, temperature=TEMPERATURES)
def test_temperature_falls_in_equal_steps_to_nothing(steps, temperature):
    temperatures = cold.cooling(temperature, steps)
    assert (temperatures[0], temperatures[-1], len(temperatures)) == (temperature, 0.0, steps + 1)
    assert all(above - below == pytest.approx(temperature / steps) for above, below in pairwise(temperatures))


def test_every_step_is_seen_as_it_is_burnt(photograph):
    burnt = burnt_by(Heat(), 0.6, photograph)
    shown = list(cold.naive(lambda cooler: cooler.image, burnt, 4))
    assert torch.equal(shown[0].x, burnt.image)
    assert [step.noisy for step in shown] == [False] * 4
    assert torch.equal(shown[1].x, burnt.again(burnt.image, cold.cooling(0.6, 4)[1]).image)


def test_an_image_that_does_not_know_its_fire_is_refused(photograph):
    with pytest.raises(ValueError, match="burn the image with"):
        list(cold.improved(wrong, Heat(0.5)(photograph, generator(1, 1)), 2))


# ------------------------------------------------------------------ in the walk


class Seer:
    """A restorer that was trained on heat, and remembers what it was asked."""

    def __init__(self, picture):
        self.media, self.picture, self.asked = ("heat",), picture, []

    def recover(self, image, medium, temperature):
        self.asked.append((medium, temperature))
        return self.picture.to(image)


def walked(burnt, sampler, native=None, **knobs):
    return last(walk(wiener, burnt, Restoring(steps=3, sampler=sampler, **knobs), generator(1, 2), native=native))


@pytest.mark.parametrize("sampler", ["cold", "cold-naive"])
def test_a_restorer_trained_on_the_medium_is_asked_at_every_temperature(photograph, sampler):
    seer = Seer(photograph)
    burnt = burnt_by(Heat(), 0.6, photograph)
    torch.testing.assert_close(walked(burnt, sampler, seer), photograph, atol=1e-5, rtol=0.0)
    assert seer.asked == [("heat", temperature) for temperature in cold.cooling(0.6, 3)[:-1]]


def test_a_medium_it_was_not_trained_on_is_looked_at_through_noise(photograph):
    seer = Seer(photograph)
    walked(burnt_by(MEDIA["jpeg"](), 0.1, photograph), "cold-naive", seer)
    assert not seer.asked


@pytest.mark.parametrize("name", sorted(MEDIA))
@pytest.mark.parametrize("sampler", ["cold", "cold-naive"])
def test_every_medium_is_restored_to_finite_numbers_without_training(name, sampler, photograph):
    burnt = burnt_by(MEDIA[name](), 0.5, photograph)
    restored = walked(burnt, sampler)
    assert restored.shape == photograph.shape
    assert restored.isfinite().all()


def test_burning_again_at_the_same_temperature_is_the_same_fire(photograph):
    for name in sorted(MEDIA):
        burnt = burnt_by(MEDIA[name](), 0.3, photograph)
        assert torch.equal(burnt.again(photograph, 0.3).image, burnt.image)
        assert torch.equal(burnt.again(photograph, 0.0).image, photograph)
