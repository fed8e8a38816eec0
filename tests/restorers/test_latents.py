"""The tiny autoencoder beside a pipeline, as a choice."""

import shutil

import pytest
import torch

from installation.burns.gaussian import Gaussian
from installation.randomness import generator
from installation.restorers import ModelError, Restoring, diffusion
from installation.restorers.latents import Autoencoders
from tests.restorers import tiny_pipeline

FULL, TINY = object(), object()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """SDXL, whose own autoencoder is a full one, and its tiny one beside it in the models folder."""
    models = tmp_path_factory.mktemp("models")
    tiny_pipeline.tiny_vae().save_pretrained(models / "taesdxl")
    return tiny_pipeline.build(models / "sdxl", "sdxl")


@pytest.fixture(scope="module")
def model(folder):
    return diffusion.load(folder)


def restored(model, decoder, steps=2):
    picture, rng = torch.zeros(1, 3, 64, 64), generator(5, 1)
    walked = model.restore(Gaussian(0.6)(picture, rng), Restoring(steps, decoder=decoder), rng)
    return [step.denoised for step in walked]


@pytest.mark.parametrize(("wish", "shown", "last"), [
    ("full", FULL, FULL), ("tiny", TINY, TINY), ("tiny-steps", TINY, FULL),
])  # fmt: skip
def test_who_decodes_is_as_was_wished(wish, shown, last):
    both = Autoencoders(FULL, TINY)
    assert (both.chosen(wish, last=False), both.chosen(wish, last=True)) == (shown, last)


@pytest.mark.parametrize("wish", ["full", "tiny", "tiny-steps"])
def test_where_there_is_no_tiny_one_the_full_one_decodes(wish):
    assert Autoencoders(FULL).chosen(wish, last=False) is FULL


def test_the_tiny_one_for_the_steps_changes_no_result(model):
    full, steps = restored(model, "full"), restored(model, "tiny-steps")
    assert torch.equal(full[-1], steps[-1])
    assert not torch.equal(full[0], steps[0])


def test_the_tiny_one_for_all_gives_pictures_of_its_own(model):
    tiny = restored(model, "tiny")
    assert tiny[-1].shape == (1, 3, 64, 64)
    assert tiny[-1].isfinite().all()
    assert not torch.equal(tiny[-1], restored(model, "full")[-1])


def test_the_digest_is_that_of_the_pipeline_with_or_without_a_tiny_one(model, folder, tmp_path):
    alone = diffusion.load(shutil.copytree(folder, tmp_path / "sdxl"))
    assert alone.digest == model.digest
    assert alone.autoencoders.tiny is None
    assert torch.equal(restored(alone, "tiny")[-1], restored(model, "full")[-1])


def test_one_in_the_pipelines_own_folder_comes_first(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "sdxl")
    tiny_pipeline.tiny_vae(out_channels=3, scaling_factor=0.5).save_pretrained(copy / "vae_tiny")
    tiny = diffusion.load(copy).autoencoders.tiny
    assert tiny is not None
    assert tiny.config.scaling_factor == 0.5


def test_a_pipeline_that_is_called_shows_its_steps_with_the_tiny_one_too(tmp_path):
    folder = tiny_pipeline.build(tmp_path / "flux", "flux")
    tiny_pipeline.tiny_vae().save_pretrained(tmp_path / "taef1")
    model = diffusion.load(folder)
    full, steps = restored(model, "full"), restored(model, "tiny-steps")
    assert torch.equal(full[-1], steps[-1])
    assert not torch.equal(full[0], steps[0])


def test_a_damaged_one_is_refused_with_what_to_do(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "sdxl")
    tiny_pipeline.tiny_vae().save_pretrained(copy / "vae_tiny")
    (copy / "vae_tiny" / "diffusion_pytorch_model.safetensors").write_bytes(b"hurt")
    with pytest.raises(ModelError, match=r"vae_tiny: no tiny decoder that loads.*or take it away"):
        diffusion.load(copy)
