"""ControlNets and IP-Adapters lead a pipeline as diffusers' own pipelines are led, and leave no trace behind."""

import diffusers
import pytest
import torch
from PIL import Image as Pillow

from installation.burns.gaussian import Gaussian
from installation.conditioning import Control, Guide, Likeness
from installation.images import to_pixels
from installation.randomness import generator, white
from installation.restorers import guides
from installation.restorers.diffusion import Diffusion, load
from installation.restorers.exact import Nobody
from installation.restorers.grid import Grid, cells
from installation.restorers.guides import Controlling, Likening
from installation.restorers.latents import clean_image, encode
from installation.restorers.protocol import ModelError, Restoring
from tests.restorers import tiny_guides, tiny_pipeline

STEPS, FIRE = 4, 1.0  # from pure noise, in a number of steps that divides 1000: there diffusers' ladder is ours
HELD, HEARD = Controlling(), Likening()
WISHES: dict[str, Guide] = {
    "edges": Control("canny"),
    "depth": Control("canny", "depth"),
    "whole": Likeness("whole"),
    "patches": Likeness("patches"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A models folder."""
    place = tmp_path_factory.mktemp("models")
    tiny_pipeline.build(place / "sd")
    tiny_guides.control(place / "canny")
    tiny_guides.depth(place / "dpt")
    tiny_guides.likeness(place / "whole")
    tiny_guides.likeness(place / "patches", patches=True)
    return place


@pytest.fixture(scope="module")
def model(folder):
    return load(folder / "sd")


@pytest.fixture(scope="module")
def ready(folder, model):
    return {name: guides.load(wish, folder / wish.model, model) for name, wish in WISHES.items()}


@pytest.fixture(autouse=True)
def _alone(model):
    """Every test begins with a pipeline that nothing leads."""
    yield
    for kind in ("control", "likeness"):
        model.guides.exchange(kind, None)


def picture(seed=0, side=64):
    """Blocks of colour, which have edges, from -1 to 1."""
    dice = torch.Generator().manual_seed(seed)
    return (
        (torch.rand(1, 3, 4, 4, generator=dice) * 2.0 - 1.0)
        .repeat_interleave(side // 4, 2)
        .repeat_interleave(side // 4, 3)
    )


def kind_of(name):
    return "control" if isinstance(WISHES[name], Control) else "likeness"


def led(model, ready, *names):
    """Have a pipeline be led by these guides alone."""
    for kind in ("control", "likeness"):
        model.guides.exchange(kind, None)
    for name in names:
        model.guides.exchange(kind_of(name), ready[name])


def restored(model, seen=None, *, controlling=HELD, likening=HEARD, guidance=1.0):
    guides.follow(model, {"origin": picture() if seen is None else seen}, controlling, likening)
    rng = generator(5, 1)
    return list(model.restore(Gaussian(FIRE)(picture(1), rng), Restoring(STEPS, guidance=guidance), rng))[-1].denoised


# ------------------------------------------------------------------ as diffusers' own


@pytest.fixture
def peers(folder, monkeypatch):
    """Diffusers' own pipelines of the same parts, which begin with the very same latents."""

    def pipeline(kind, adapter=None):
        model = load(folder / "sd")
        settings = {**model.pipe.components, "requires_safety_checker": False}
        settings["scheduler"] = tiny_pipeline.ddim(timestep_spacing="trailing")
        if kind == "control":
            settings["controlnet"] = diffusers.ControlNetModel.from_pretrained(folder / "canny")
        pipe = PEERS[kind](**settings)
        pipe.set_progress_bar_config(disable=True)
        if adapter:
            pipe.load_ip_adapter(str(folder / adapter), "", "ip-adapter_tiny.safetensors", local_files_only=True)
            pipe.set_ip_adapter_scale(0.7)
        latents = hot(model)
        monkeypatch.setattr(pipe, "prepare_latents", lambda *_, **__: latents)
        return pipe

    return pipeline


PEERS = {
    "control": diffusers.StableDiffusionControlNetImg2ImgPipeline,
    "likeness": diffusers.StableDiffusionImg2ImgPipeline,
}


def hot(model):
    """The latents that our way begins with, variance preserving."""
    rng = generator(5, 1)
    burnt = Gaussian(FIRE)(picture(1), rng)
    (rung, *_) = model.schedule.ladder(STEPS, burnt.sigma)
    clean = encode(model.pipe.vae, clean_image(burnt))
    return (clean + rung.sigma * white(rng, clean)) / (1.0 + rung.sigma**2) ** 0.5


def painted(pipe, guidance, **told):
    """What diffusers' pipeline makes of the same, -1 to 1."""
    (images,) = pipe(
        prompt="", image=(picture(1) + 1.0) / 2.0, strength=1.0, num_inference_steps=STEPS, guidance_scale=guidance,
        output_type="pt", return_dict=False, **told,
    )[:1]  # fmt: skip
    return images * 2.0 - 1.0


@pytest.mark.parametrize(("name", "guidance"), [("edges", 1.0), ("edges", 3.0), ("depth", 1.0)])
def test_a_controlnet_leads_as_in_diffusers_own_pipeline(model, peers, ready, name, guidance):
    led(model, ready, name)
    ours = restored(model, controlling=Controlling(0.8, 0.0, 0.7), guidance=guidance)
    span = {"controlnet_conditioning_scale": 0.8, "control_guidance_start": 0.0, "control_guidance_end": 0.7}
    theirs = painted(peers("control"), guidance, control_image=ready[name].network.hint(picture()), **span)
    torch.testing.assert_close(ours, theirs, rtol=0.0, atol=1e-5)


@pytest.mark.parametrize(("name", "guidance"), [("whole", 1.0), ("whole", 3.0), ("patches", 3.0)])
def test_an_ip_adapter_leads_as_in_diffusers_own_pipeline(model, peers, ready, name, guidance):
    led(model, ready, name)
    ours = restored(model, likening=Likening(0.7), guidance=guidance)
    theirs = painted(peers("likeness", name), guidance, ip_adapter_image=Pillow.fromarray(to_pixels(picture())))
    torch.testing.assert_close(ours, theirs, rtol=0.0, atol=1e-5)


def test_sdxl_is_led_by_both_at_once(tmp_path):
    model = load(tiny_pipeline.build(tmp_path / "xl", "sdxl"))
    plain = restored(model)
    assert isinstance(model, Diffusion)
    control = guides.load(Control("c"), tiny_guides.control_xl(tmp_path / "c"), model)
    likeness = guides.load(Likeness("l"), tiny_guides.likeness(tmp_path / "l", 64), model)
    model.guides.exchange("control", control)
    held = restored(model)
    model.guides.exchange("likeness", likeness)
    both = restored(model)
    assert not torch.equal(plain, held)
    assert not torch.equal(held, both)
    assert both.isfinite().all()


# ------------------------------------------------------------------ what leads, and when


@pytest.mark.parametrize("name", WISHES)
def test_another_picture_leads_elsewhere_and_the_same_one_to_the_same_picture(model, ready, name):
    led(model, ready, name)
    first = restored(model)
    assert not torch.equal(restored(model, picture(2)), first)
    assert torch.equal(restored(model), first)


@pytest.mark.parametrize("name", WISHES)
def test_a_guide_at_0_asks_nobody_and_one_that_is_taken_away_leaves_no_trace(model, ready, name):
    plain = restored(model)
    led(model, ready, name)
    assert not torch.equal(restored(model), plain)
    assert torch.equal(restored(model, controlling=Controlling(0.0), likening=Likening(0.0)), plain)
    assert model.guides.silent
    restored(model)
    model.guides.exchange(kind_of(name), None)
    assert torch.equal(restored(model), plain)


def test_a_guide_whose_picture_is_missing_rests(model, ready):
    plain = restored(model)
    led(model, ready, "edges", "whole")
    guides.follow(model, {}, HELD, HEARD)
    assert model.guides.silent
    rng = generator(5, 1)
    *_, last = model.restore(Gaussian(FIRE)(picture(1), rng), Restoring(STEPS), rng)
    assert torch.equal(last.denoised, plain)


def test_adapters_are_exchanged_one_for_the_other(model, ready):
    led(model, ready, "whole")
    whole = restored(model)
    for name in ("patches", "whole"):
        model.guides.exchange("likeness", ready[name])
        again = restored(model)
    assert torch.equal(again, whole)


@pytest.mark.parametrize(("begin", "end", "heard"), [(0.0, 1.0, [0, 1, 2, 3]), (0.5, 1.0, [2, 3]), (0.0, 0.5, [0, 1]),
                                                     (0.3, 0.6, []), (0.25, 0.75, [1, 2])])  # fmt: skip
def test_a_controlnet_is_heard_in_the_steps_of_its_span(begin, end, heard):
    assert [step for step in range(4) if Controlling(1.0, begin, end).hears(step, 4)] == heard


def test_every_cell_of_a_wall_is_led_by_its_own_part_of_the_picture(model, ready):
    wall = Grid(model, 2)
    led(model, ready, "edges", "whole")
    seen = picture(3, 128)
    guides.follow(wall, {"origin": seen}, HELD, HEARD)
    burnt = Gaussian(FIRE)(picture(1, 128), generator(5, 1))
    *_, last = wall.restore(burnt, Restoring(1), generator(6, 1))
    assert last.denoised.shape == seen.shape
    swapped = cells(seen, 2)[[1, 0, 2, 3]]
    guides.follow(model, {"origin": swapped}, HELD, HEARD)
    *_, other = wall.restore(burnt, Restoring(1), generator(6, 1))
    changed = [not torch.equal(*pair) for pair in zip(cells(last.denoised, 2), cells(other.denoised, 2), strict=True)]
    assert changed == [True, True, False, False]


# ------------------------------------------------------------------ what a take keeps, and who cannot be led


def test_a_take_keeps_which_guides_led_and_what_their_weights_were(model, ready):
    led(model, ready, "edges", "whole")
    told = guides.told(model)
    assert told["control"] == {
        "model": "canny",
        "of": "edge",
        "from": "origin",
        "digest": ready["edges"].network.digest,
    }
    assert told["likeness"]
    assert told["likeness"]["from"] == "origin"
    assert ready["depth"].network.digest != ready["edges"].network.digest
    assert guides.told(Nobody()) == {"control": None, "likeness": None}


def test_what_is_loaded_in_half_precision_leaves_alone_what_everybody_else_computes_with(folder, defaults):
    half = load(folder / "sd", dtype=torch.bfloat16)
    for wish in WISHES.values():
        guides.load(wish, folder / wish.model, half)
    assert defaults <= {torch.float32}
    assert isinstance(half, Diffusion)
    assert {weight.dtype for weight in half.pipe.unet.parameters()} == {torch.bfloat16}


def test_what_is_no_stable_diffusion_cannot_be_led(folder):
    with pytest.raises(ModelError, match=r"canny: ControlNets and IP-Adapters lead Stable Diffusion.*\(none\)"):
        guides.load(WISHES["edges"], folder / "canny", Nobody())
