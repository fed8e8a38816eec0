"""How pipelines are called: from the temperature to their own schedules, and from their callbacks to steps."""

import math
import threading
from itertools import pairwise

import diffusers
import pytest

from installation.restorers.called import image_form, noise_at, plan, pulled, shift_of, unshifted
from installation.restorers.protocol import ModelError

SIZE = (64, 64)


def flow(**settings):
    return diffusers.FlowMatchEulerDiscreteScheduler(**settings)


def levels(scheduler, planned):
    """The levels that a pipeline walks down by a plan, as it sets them itself."""
    shifted = {"mu": math.log(shift_of(scheduler.config, SIZE))} if scheduler.config.use_dynamic_shifting else {}
    scheduler.set_timesteps(sigmas=planned["sigmas"], **shifted)
    return scheduler.sigmas.tolist()


@pytest.mark.parametrize("settings", [{}, {"shift": 3.0}, {"use_dynamic_shifting": True}])
@pytest.mark.parametrize("steps", [1, 2, 4, 9])
@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0, 5.0, 80.0])
def test_a_plan_starts_at_exactly_the_noise_and_walks_exactly_the_steps_asked_for(settings, steps, sigma):
    scheduler = flow(**settings)
    walked = levels(scheduler, plan(scheduler, steps, sigma, SIZE))
    assert walked[0] == pytest.approx(sigma / (1.0 + sigma), rel=1e-5)
    assert len(walked) == steps + 1
    assert all(high > low for high, low in pairwise(walked))
    assert walked[-1] == 0.0


@pytest.mark.parametrize("steps", [1, 4, 8])
def test_from_pure_noise_a_plan_is_the_schedule_the_family_was_taught(steps):
    taught = [1.0 - step / steps for step in range(steps)]
    assert plan(flow(shift=3.0), steps, math.inf, SIZE)["sigmas"] == pytest.approx(taught)


@pytest.mark.parametrize("shift", [1.0, 3.0, 0.5])
def test_a_shift_is_taken_back_exactly(shift):
    for level in (0.0, 0.2, 0.7, 1.0):
        assert unshifted(shift * level / (1.0 + (shift - 1.0) * level), shift) == pytest.approx(level)


def test_larger_pictures_are_shifted_further():
    config = flow(use_dynamic_shifting=True).config
    assert shift_of(config, (256, 256)) == pytest.approx(math.exp(0.5))
    assert shift_of(config, (1024, 1024)) == pytest.approx(math.exp(1.15))
    assert shift_of(flow(shift=3.0).config, (1024, 1024)) == 3.0


def test_trigonometric_flow_takes_the_angle_itself():
    scheduler = diffusers.SCMScheduler()
    planned = plan(scheduler, 3, 2.0, SIZE)
    scheduler.set_timesteps(3, max_timesteps=planned["max_timesteps"], intermediate_timesteps=None)
    assert float(scheduler.timesteps[0]) == pytest.approx(math.atan(2.0))
    assert planned["strength"] == 1.0


@pytest.mark.parametrize("sigma", [0.1, 1.0, 7.0])
def test_the_noise_of_a_timestep_is_the_noise_it_was_planned_from(sigma):
    assert noise_at(diffusers.SCMScheduler(), plan(diffusers.SCMScheduler(), 2, sigma, SIZE)["max_timesteps"]) == (
        pytest.approx(sigma)
    )
    assert noise_at(flow(), 1000.0 * sigma / (1.0 + sigma)) == pytest.approx(sigma)


def test_pure_noise_is_as_loud_as_noise_gets():
    assert noise_at(flow(), 1000.0) == noise_at(diffusers.SCMScheduler(), math.pi / 2.0) == 80.0


def test_a_text_to_image_folder_is_loaded_in_its_image_form():
    assert image_form("FluxPipeline") is diffusers.FluxImg2ImgPipeline
    assert image_form("StableDiffusionPipeline") is diffusers.StableDiffusionImg2ImgPipeline
    assert image_form("SanaSprintPipeline") is diffusers.SanaSprintImg2ImgPipeline


@pytest.mark.parametrize("name", ["NoSuchPipeline", "DDPMPipeline"])
def test_a_pipeline_without_an_image_form_is_refused(name):
    with pytest.raises(ModelError, match="no image-to-image form"):
        image_form(name)


def test_what_is_pushed_can_be_pulled_in_order():
    assert list(pulled(lambda hear: [hear(number) for number in range(5)])) == [0, 1, 2, 3, 4]


def test_a_fault_on_the_pushing_side_is_raised_on_the_pulling_side():
    def push(hear):
        hear(1)
        raise ModelError("out of memory")

    items = pulled(push)
    assert next(items) == 1
    with pytest.raises(ModelError, match="out of memory"):
        next(items)


def test_a_pusher_hears_that_its_reader_has_gone():
    ended = threading.Event()

    def push(hear):
        while hear("more"):
            pass
        ended.set()

    items = pulled(push)
    next(items)
    items.close()
    assert ended.wait(10.0)
