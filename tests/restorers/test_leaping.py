"""Steps taken at once come to what steps taken one by one come to, in the same order of random numbers."""

from dataclasses import replace

import pytest
import torch

from installation.burns.gaussian import Gaussian
from installation.burns.heat import Heat
from installation.randomness import generator
from installation.restorers import Restoring, diffusion, lora
from installation.restorers.grid import Grid
from installation.restorers.leaping import Leaper
from installation.restorers.lesions import Lesion
from tests.restorers import tiny_pipeline

FAMILIES = ("sd", "sdxl", "lcm", "turbo")
HARD = {"steps": 3, "churn": 0.7}
EACH = [*((family, HARD) for family in FAMILIES), ("sd", {"steps": 1}), ("sd", {"steps": 2, "sampler": "lcm"})]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {family: tiny_pipeline.build(tmp_path_factory.mktemp(family), family) for family in FAMILIES}


@pytest.fixture(scope="module")
def models(folders):
    return {family: diffusion.load(folder) for family, folder in folders.items()}


def picture(seed=0, width=64):
    return torch.rand(1, 3, 64, width, generator=torch.Generator().manual_seed(seed)) * 2.0 - 1.0


def restored(model, show="result", *, image=None, medium=Gaussian, seed=5, **knobs):
    rng = generator(seed, 1)
    burnt = medium(0.6)(picture() if image is None else image, rng)
    steps = list(model.restore(burnt, Restoring(show=show, **knobs), rng))
    return steps[-1], len(steps)


def apart(one, other):
    """The relative distance of two tensors."""
    return float((one.float() - other.float()).norm() / other.float().norm())


@pytest.mark.parametrize(("family", "knobs"), EACH, ids=str)
def test_in_float32_it_is_the_picture_that_walking_comes_to(models, family, knobs):
    (walked, taken), (leapt, shown) = (restored(models[family], show, **knobs) for show in ("steps", "result"))
    assert (taken, shown) == (knobs["steps"], 1)
    assert (leapt.index, leapt.sigma) == (walked.index, walked.sigma)
    assert apart(leapt.latents, walked.latents) < 1e-5
    assert apart(leapt.denoised, walked.denoised) < 1e-5


@pytest.mark.parametrize("family", ["sd", "sdxl"])
def test_in_bfloat16_it_is_that_picture_to_a_hundredth(folders, family):
    model = diffusion.load(folders[family], dtype=torch.bfloat16)
    walked, leapt = (restored(model, show, steps=2)[0] for show in ("steps", "result"))
    assert apart(leapt.latents, walked.latents) < 1e-2
    assert apart(leapt.denoised, walked.denoised) < 1e-2


@pytest.mark.parametrize("show", ["steps", "result"])
def test_both_ways_draw_the_same_numbers_and_leave_the_dice_alike(models, show):
    rng, other = generator(5, 1), generator(5, 1)
    for dice, way in ((rng, "steps"), (other, show)):
        list(models["sd"].restore(Gaussian(0.6)(picture(), dice), Restoring(3, 1.0, show=way), dice))
    assert rng.integers(2**63) == other.integers(2**63)


def test_a_medium_without_noise_leaps_too(models):
    walked, leapt = (restored(models["sd"], show, medium=Heat, steps=2)[0] for show in ("steps", "result"))
    assert apart(leapt.denoised, walked.denoised) < 1e-5


def test_it_leaps_from_latents_that_came_round(models):
    model, rng = models["sd"], generator(5, 1)
    burnt = replace(Gaussian(0.6)(picture(), rng), latents=torch.randn(1, 4, 8, 8))
    ends = [
        list(model.restore(burnt, Restoring(2, show=show, feedback="latents"), generator(5, 2)))[-1].latents
        for show in ("steps", "result")
    ]
    assert apart(*ends) < 1e-5


@pytest.mark.parametrize("knobs", [
    {"sampler": "heun"}, {"sampler": "dpmpp-2m"}, {"guidance": 4.0}, {"show": "steps"},
], ids=str)  # fmt: skip
def test_what_cannot_be_taken_at_once_is_walked(models, knobs):
    assert restored(models["sd"], **({"show": "result"} | knobs), steps=2)[1] == 2


def test_nothing_burnt_is_nothing_restored_either_way(models):
    rng = generator(5, 1)
    (step,) = models["sd"].restore(Gaussian(0.0)(picture(), rng), Restoring(3, show="result"), rng)
    assert torch.equal(step.denoised, picture())


@pytest.mark.parametrize("decoder", ["full", "tiny"])
def test_the_tiny_decoder_is_the_same_choice(tmp_path, decoder):
    tiny_pipeline.tiny_vae().save_pretrained(tmp_path / "taesdxl")
    model = diffusion.load(tiny_pipeline.build(tmp_path / "sdxl", "sdxl"))
    walked, leapt = (restored(model, show, steps=1, decoder=decoder)[0] for show in ("steps", "result"))
    assert apart(leapt.denoised, walked.denoised) < 1e-5


# ------------------------------------------------------------------ what changes while it plays


def test_what_is_told_damaged_or_turned_meanwhile_is_heard_in_the_same_tensors(models):
    model = models["sd"]
    first, _ = restored(model, steps=2)
    for change in (lambda: model.prompt("a leopard made of fire"), lambda: model.weights.suffer(Lesion(share=0.5))):
        change()
        (walked, _), (leapt, _) = (restored(model, show, steps=2) for show in ("steps", "result"))
        assert apart(leapt.latents, walked.latents) < 1e-5
        assert apart(leapt.latents, first.latents) > 1e-3
    model.weights.heal()
    model.prompt("")
    assert torch.equal(restored(model, steps=2)[0].latents, first.latents)


def test_an_adapter_put_on_and_taken_off_meanwhile_is_heard(folders, tmp_path):
    model = diffusion.load(folders["sd"])
    bare, _ = restored(model, steps=1)
    lora.put_on(model.pipe.unet, tiny_pipeline.foreign_adapter(tmp_path / "worn", folders["sd"]))
    (walked, _), (leapt, _) = (restored(model, show, steps=1) for show in ("steps", "result"))
    assert apart(leapt.latents, walked.latents) < 1e-5
    assert apart(leapt.latents, bare.latents) > 1e-4
    lora.take_off(model.pipe.unet)
    assert torch.equal(restored(model, steps=1)[0].latents, bare.latents)


def test_a_generation_is_not_written_over_by_the_next(models):
    first, _ = restored(models["sd"], steps=1)
    kept = first.latents.clone(), first.denoised.clone()
    restored(models["sd"], steps=1, seed=6)
    assert torch.equal(first.latents, kept[0])
    assert torch.equal(first.denoised, kept[1])


# ------------------------------------------------------------------ several lineages


def test_lineages_abreast_come_out_as_each_alone(models):
    leaper, knobs = models["sd"].leaper, Restoring(2, 0.5, show="result")
    fires = [Gaussian(0.6)(picture(seed), generator(seed, 1)) for seed in (1, 2, 3)]
    steps = leaper.abreast(fires, knobs, [generator(seed, 2) for seed in (1, 2, 3)])
    for seed, burnt, step in zip((1, 2, 3), fires, steps, strict=True):
        (alone,) = models["sd"].restore(burnt, knobs, generator(seed, 2))
        assert torch.equal(step.x, burnt.image)
        assert apart(step.latents, alone.latents) < 1e-5
        assert apart(step.denoised, alone.denoised) < 1e-5


def test_a_wall_leaps_as_one(models):
    wall = Grid(models["sd"], 2)
    walked, leapt = (
        restored(wall, show, image=picture(0, 64).tile(1, 1, 2, 2), steps=2)[0] for show in ("steps", "result")
    )
    assert leapt.denoised.shape == (1, 3, 128, 128)
    assert apart(leapt.denoised, walked.denoised) < 1e-5


# ------------------------------------------------------------------ on a card


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_card_plays_its_recording_to_the_same_picture(folders, family):
    model = diffusion.load(folders[family], "cuda", torch.float32)
    image = picture().cuda()
    walked, *leapt = (restored(model, show, image=image, steps=2)[0] for show in ("steps", "result", "result"))
    assert isinstance(model, diffusion.Diffusion)
    assert model.leaper.ways() == ["a graph"]
    assert all(apart(each.latents, walked.latents) < 1e-4 for each in leapt)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_an_adapter_swapped_during_a_recorded_run_is_heard(folders, tmp_path):
    model, image = diffusion.load(folders["sd"], "cuda", torch.float32), picture().cuda()
    bare, _ = restored(model, image=image, steps=1)
    lora.put_on(model.pipe.unet, tiny_pipeline.foreign_adapter(tmp_path / "worn", folders["sd"]))
    (walked, _), (leapt, _) = (restored(model, show, image=image, steps=1) for show in ("steps", "result"))
    assert apart(leapt.latents, walked.latents) < 1e-4
    assert apart(leapt.latents, bare.latents) > 1e-4


def test_compiled_work_that_does_not_compile_is_done_as_it_is(models, monkeypatch, caplog):
    monkeypatch.setattr(torch, "compile", lambda *_, **__: refusing)
    leaper, knobs = Leaper(models["sd"], compiles=True), Restoring(1, show="result")
    burnt = Gaussian(0.6)(picture(), generator(5, 1))
    leapt = leaper.leap(burnt, knobs, generator(5, 2))
    (alone,) = models["sd"].restore(burnt, knobs, generator(5, 2))
    assert torch.equal(leapt.denoised, alone.denoised)
    assert "The fast path (compiled) is not to be had" in caplog.text


def refusing():
    raise RuntimeError("InvalidCxxCompiler: no working C++ compiler")
