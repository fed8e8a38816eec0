"""What diffusers pipelines promise, walked by hand or called, besides what test_families holds each family to."""

import math
from itertools import combinations, pairwise

import pytest
import torch

from installation.burns.gaussian import Gaussian, reheat
from installation.burns.heat import Heat
from installation.burns.temperature import from_sigma, to_sigma
from installation.randomness import generator
from installation.records import Burnt
from installation.restorers.called import Called
from installation.restorers.diffusion import Diffusion, load, schedule_of, to_denoised
from installation.restorers.latents import clean_image
from installation.restorers.protocol import ModelError, Restoring
from tests.restorers import tiny_pipeline

FAMILIES = ("sd", "sdxl", "lcm", "flux")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {family: tiny_pipeline.build(tmp_path_factory.mktemp(family), family) for family in FAMILIES}


@pytest.fixture(scope="module")
def models(folders):
    return {family: load(folder) for family, folder in folders.items()}


@pytest.fixture(params=FAMILIES)
def model(request, models):
    return models[request.param]


def picture(height=64, width=64):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0)) * 2.0 - 1.0


def restored(model, temperature=0.6, steps=3, *, churn=0.0, serial=1, medium=Gaussian):
    rng = generator(5, serial)
    return list(model.restore(medium(temperature)(picture(), rng), Restoring(steps, churn), rng))


def abar():
    """Stable Diffusion's scaled-linear schedule in closed form."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1.0 - betas, dim=0)


def test_the_schedule_has_the_closed_form_of_scaled_linear():
    sigmas = ((1.0 - abar()) / abar()).sqrt()
    rungs = schedule_of(tiny_pipeline.ddim()).rungs
    assert [rung.timestep for rung in rungs] == list(range(1000))
    torch.testing.assert_close(torch.tensor([rung.sigma for rung in rungs]).double(), sigmas, rtol=1e-4, atol=0.0)


def test_the_hottest_temperature_of_stable_diffusion_is_0_9565():
    hottest = schedule_of(tiny_pipeline.ddim()).nearest(to_sigma(1.0))
    assert hottest.timestep == 999
    assert hottest.sigma == pytest.approx(14.6146, abs=1e-3)
    assert from_sigma(hottest.sigma) == pytest.approx(0.9565, abs=1e-4)


@pytest.mark.parametrize("temperature", [0.05, 0.2, 0.5, 0.8, 0.95])
def test_the_timestep_has_the_signal_to_noise_ratio_of_the_temperature(temperature):
    distance = (((1.0 - abar()) / abar()).sqrt().log() - math.log(math.tan(math.pi * temperature / 2.0))).abs()
    assert schedule_of(tiny_pipeline.ddim()).nearest(to_sigma(temperature)).timestep == int(distance.argmin())


@pytest.mark.parametrize("steps", [1, 2, 8, 50])
def test_a_ladder_falls_from_the_temperature_and_stays_on_the_schedule(steps):
    schedule = schedule_of(tiny_pipeline.ddim())
    rungs = schedule.ladder(steps, 2.0)
    assert rungs[0] == schedule.nearest(2.0)
    assert len(rungs) == steps
    assert all(high.sigma > low.sigma and high.timestep > low.timestep for high, low in pairwise(rungs))


@pytest.mark.parametrize("steps", [1, 2, 4, 10])
def test_from_pure_noise_a_ladder_is_the_trailing_schedule_of_diffusers(steps):
    peer = tiny_pipeline.ddim(timestep_spacing="trailing")
    peer.set_timesteps(steps)
    rungs = schedule_of(peer).ladder(steps, to_sigma(1.0))
    assert [rung.timestep for rung in rungs] == peer.timesteps.tolist()


def test_a_ladder_has_no_more_rungs_than_the_schedule():
    assert [rung.timestep for rung in schedule_of(tiny_pipeline.ddim()).ladder(50, 0.03)] == [0]


def test_a_consistency_model_is_asked_only_where_it_was_taught():
    rungs = schedule_of(tiny_pipeline.lcm()).rungs
    assert [rung.timestep for rung in rungs] == list(range(19, 1000, 20))


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_every_parametrisation_gives_the_same_image(prediction):
    clean, noise = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(1)).double()
    sigma, phi = 0.7, math.atan(0.7)
    v = math.cos(phi) * noise - math.sin(phi) * clean
    answer = {"epsilon": noise, "v_prediction": v, "sample": clean}[prediction]
    torch.testing.assert_close(to_denoised(prediction, clean + sigma * noise, sigma, answer), clean)


def test_an_unknown_parametrisation_is_refused():
    with pytest.raises(ModelError, match="flow_prediction"):
        to_denoised("flow_prediction", torch.zeros(1), 1.0, torch.zeros(1))


def test_stable_diffusion_is_walked_by_hand_and_flux_is_called(models):
    assert all(isinstance(models[family], Diffusion) for family in ("sd", "sdxl", "lcm"))
    assert isinstance(models["flux"], Called)


def test_a_fresh_load_gives_the_same_picture_and_digest(folders, models):
    again = load(folders["sd"])
    assert again.digest == models["sd"].digest
    assert torch.equal(restored(again)[-1].denoised, restored(models["sd"])[-1].denoised)


def test_nothing_burnt_is_nothing_restored(model):
    (step,) = restored(model, temperature=0.0)
    assert torch.equal(step.denoised, picture())


def test_the_hottest_burn_can_be_restored(model):
    assert len(restored(model, temperature=1.0, steps=2)) == 2


def test_a_medium_without_noise_can_be_restored(model):
    assert len(restored(model, medium=Heat)) == 3


def test_a_prompt_changes_the_picture_and_an_empty_one_changes_it_back(model):
    before = restored(model)[-1].denoised
    model.prompt("a leopard made of fire")
    towards = restored(model)[-1].denoised
    model.prompt("")
    assert not torch.equal(towards, before)
    assert torch.equal(restored(model)[-1].denoised, before)


def test_churn_adds_fresh_noise(models):
    still, churned = (restored(models["sd"], churn=churn)[-1].denoised for churn in (0.0, 1.0))
    assert not torch.equal(still, churned)


def test_a_reader_may_stop_between_any_two_steps(model):
    rng = generator(5, 1)
    steps = model.restore(Gaussian(0.6)(picture(), rng), Restoring(4), rng)
    first = next(steps)
    steps.close()
    assert torch.equal(first.denoised, restored(model, steps=4)[0].denoised)


def test_v_prediction_can_be_walked(tmp_path):
    model = load(tiny_pipeline.build(tmp_path, prediction="v_prediction"))
    assert restored(model)[-1].denoised.isfinite().all()


@pytest.mark.parametrize(("family", "factor"), [("sd", 8), ("flux", 16)])
def test_a_size_the_model_cannot_halve_is_refused(models, family, factor):
    with pytest.raises(ModelError, match=f"multiples of {factor} pixels, not 60 x 64"):
        models[family].restore(Burnt(picture(64, 60), 0.5, 1.0), Restoring(), generator(0, 0))


@pytest.mark.parametrize("size", [(64, 96), (128, 64)])
def test_other_sizes_and_batches_are_restored(model, size):
    rng = generator(5, 1)
    (step,) = model.restore(Gaussian(0.5)(picture(*size).repeat(2, 1, 1, 1), rng), Restoring(1), rng)
    assert step.denoised.shape == (2, 3, *size)


def test_the_noise_named_falls_from_the_temperature(model):
    sigmas = [step.sigma for step in restored(model, steps=4)]
    assert sigmas[0] == pytest.approx(to_sigma(0.6), rel=0.1)
    assert all(high > low for high, low in pairwise(sigmas))


def test_a_damaged_model_is_refused_with_a_sentence(tmp_path):
    folder = tiny_pipeline.build(tmp_path)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelError, match="Download it again"):
        load(folder)


def test_noise_keeps_its_source_and_heat_has_none():
    burnt = Gaussian(0.5)(picture(), generator(0, 0))
    assert torch.equal(clean_image(burnt), picture())
    assert torch.equal(clean_image(reheat(burnt, 0.8, generator(0, 1))), picture())
    heated = Heat(0.5)(picture(), generator(0, 0))
    assert torch.equal(clean_image(heated), heated.image)


# ------------------------------------------------------------------ the samplers, in latents


def sampled(model, sampler):
    burnt = Gaussian(0.7)(picture(), generator(5, 1))
    *_, last = model.restore(burnt, Restoring(steps=4, sampler=sampler), generator(5, 2))
    return last.denoised


def test_every_sampler_walks_in_latents_on_its_own_way(models):
    ends = [sampled(models["sd"], name) for name in ("euler", "dpmpp-2m", "heun", "lcm")]
    assert not any(torch.equal(one, other) for one, other in combinations(ends, 2))


@pytest.mark.parametrize("sampler", ["cold", "cold-naive"])
def test_what_only_works_on_pixels_is_euler_in_latents(models, sampler):
    assert torch.equal(sampled(models["sd"], sampler), sampled(models["sd"], "euler"))
