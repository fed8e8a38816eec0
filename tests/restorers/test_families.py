"""Every family that the piece can play, on tiny pipelines of its true architecture with random weights."""

import json
import socket
from itertools import pairwise

import pytest
import torch

from installation.burns.gaussian import Gaussian
from installation.burns.temperature import to_sigma
from installation.models.families import FAMILIES, recognise
from installation.randomness import generator
from installation.restorers import ModelError, Restoring, diffusion, lora
from installation.restorers.called import Called
from installation.restorers.diffusion import Diffusion
from tests.restorers import tiny_pipeline

#: Each family with the tiny pipeline that stands for it.
TINY = {
    "sd15": "sd", "sd21": "sd", "sd-turbo": "turbo", "sdxl": "sdxl", "sdxl-turbo": "sdxl", "lcm": "lcm",
    "lcm-lora": "sd", "sd35": "sd35", "flux-schnell": "flux", "sana-sprint": "sana", "z-image-turbo": "z-image",
    "qwen-image": "qwen",
}  # fmt: skip
HEAT, STEPS = 0.6, 3


@pytest.fixture(scope="module", params=sorted(set(TINY.values())))
def family(request):
    return request.param


@pytest.fixture(scope="module")
def model(family, tmp_path_factory):
    """Loaded from a local folder, with every way to the network closed."""

    def refuse(*_):
        raise AssertionError("somebody called out")

    folder = tiny_pipeline.build(tmp_path_factory.mktemp(family), family)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield diffusion.load(folder)


@pytest.fixture(scope="module")
def steps(model):
    return restored(model)


def restored(model, serial=1):
    picture = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0)) * 2.0 - 1.0
    rng = generator(5, serial)
    return list(model.restore(Gaussian(HEAT)(picture, rng), Restoring(STEPS), rng))


def test_every_family_has_a_tiny_pipeline_that_is_played_as_the_table_says(model, family):
    assert TINY.keys() == FAMILIES.keys()
    for key in (key for key, tiny in TINY.items() if tiny == family):
        assert isinstance(model, Diffusion if FAMILIES[key].how == "by hand" else Called)


def test_every_step_is_shown_finite_and_of_the_right_shape(steps):
    assert [step.index for step in steps] == list(range(STEPS))
    for step in steps:
        assert step.denoised.shape == (1, 3, 64, 96)
        assert step.denoised.isfinite().all()
        assert step.denoised.abs().max() <= 1.0
    assert all(torch.equal(later.x, earlier.denoised) for earlier, later in pairwise(steps))


def test_the_way_begins_at_the_noise_of_the_temperature_and_falls(steps, family):
    sigmas = [step.sigma for step in steps]
    closeness = 0.05 if family == "lcm" else 0.01  # LCM was taught at 50 levels only
    assert sigmas[0] == pytest.approx(to_sigma(HEAT), rel=closeness)
    assert all(high > low > 0.0 for high, low in pairwise(sigmas))


def test_the_seed_decides(model, steps):
    assert torch.equal(restored(model)[-1].denoised, steps[-1].denoised)
    assert not torch.equal(restored(model, serial=2)[-1].denoised, steps[-1].denoised)


def test_prompts_are_heard(model, steps):
    model.prompt("a leopard made of fire")
    towards = restored(model)[-1].denoised
    model.prompt("")
    assert not torch.equal(towards, steps[-1].denoised)


def test_an_lcm_adapter_makes_a_stable_diffusion_an_lcm(tmp_path):
    base = tiny_pipeline.build(tmp_path / "base")
    worn = tiny_pipeline.foreign_adapter(tmp_path / "lcm-lora", base)
    lora.name_base(worn, base, consistent=True)
    model = diffusion.load(worn)
    assert recognise(worn) is FAMILIES["lcm-lora"]
    assert isinstance(model, Diffusion)
    assert model.consistent
    assert [rung.timestep for rung in model.schedule.rungs] == list(range(19, 1000, 20))
    assert not torch.equal(restored(model)[-1].denoised, restored(diffusion.load(base))[-1].denoised)


def test_a_half_sized_tiny_pipeline_is_recognised_by_its_folder(tmp_path):
    folder = tiny_pipeline.build(tmp_path, "turbo")
    told = json.loads((folder / "unet" / "config.json").read_text()) | {"cross_attention_dim": 1024}
    (folder / "unet" / "config.json").write_text(json.dumps(told))
    assert recognise(folder) is FAMILIES["sd-turbo"]


# ------------------------------------------------------------------ blends, and what is unwanted


def test_a_blend_lies_between_its_prompts_and_its_ends_are_they(model):
    def painted(text, **knobs):
        model.prompt(text)
        rng = generator(5, 1)
        picture = torch.zeros(1, 3, 64, 64)
        (step,) = model.restore(Gaussian(0.9)(picture, rng), Restoring(1, **knobs), rng)
        return step.denoised

    cat, blend = painted("a cat"), painted("a cat:0.5 | a leopard made of fire:0.5")
    assert model.text == "a cat:0.5 | a leopard made of fire:0.5"
    assert torch.equal(painted("a cat:1 | a leopard made of fire:0"), cat)
    assert not torch.equal(blend, cat)
    assert not torch.equal(blend, painted("a leopard made of fire"))
    guided, away = painted("a cat", guidance=4.0), painted("a cat | fire:-1", guidance=4.0)
    assert guided.isfinite().all()
    deaf = model.pipe.transformer.config.get("guidance_embeds") if isinstance(model, Called) else model.consistent
    assert torch.equal(guided, cat) == torch.equal(guided, away) == bool(deaf)
    model.prompt("")


def test_a_prompt_too_long_to_be_read_is_refused_and_the_last_one_holds(model):
    model.prompt("a cat")
    with pytest.raises(ModelError, match=r"tokens, and this model reads \d+\. Say it in fewer words"):
        model.prompt("cat " * 2000)
    assert model.text == "a cat"
    model.prompt("")
