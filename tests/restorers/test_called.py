"""How pipelines are called: from the temperature to their own schedules, and from their callbacks to steps."""

import math
import threading

import diffusers
import pytest

from installation.restorers.called import first_level, image_form, noise_at, plan, pulled
from installation.restorers.protocol import ModelError

SIZE = (64, 64)


def flow(**settings):
    return diffusers.FlowMatchEulerDiscreteScheduler(**settings)


def test_unshifted_flow_has_evenly_spaced_levels():
    assert [first_level(flow(), 4, steps, SIZE) for steps in (1, 2, 3, 4)] == pytest.approx([0.25, 0.5, 0.75, 1.0])


@pytest.mark.parametrize("settings", [{}, {"shift": 3.0}, {"use_dynamic_shifting": True}])
@pytest.mark.parametrize("steps", [1, 2, 4, 9])
@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0, 5.0, 80.0])
def test_a_plan_starts_as_near_to_the_noise_as_any_count_could(settings, steps, sigma):
    scheduler = flow(**settings)
    total = plan(scheduler, steps, sigma, SIZE)["num_inference_steps"]
    misses = [abs(first_level(scheduler, count, steps, SIZE) - sigma / (1.0 + sigma)) for count in range(steps, 61)]
    assert misses[total - steps] == min(misses)


@pytest.mark.parametrize("steps", [1, 2, 3, 7])
@pytest.mark.parametrize("sigma", [0.3, 1.0, 4.0])
def test_a_plan_walks_exactly_the_steps_asked_for(steps, sigma):
    planned = plan(flow(), steps, sigma, SIZE)
    total, strength = planned["num_inference_steps"], planned["strength"]
    begin = int(max(total - min(total * strength, total), 0))  # as every flow-matching pipeline of diffusers counts
    assert total - begin == steps


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
