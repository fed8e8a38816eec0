"""Folders that hold no ControlNet for the model that plays: a sentence each."""

import json

import pytest
import torch

from installation.restorers import controlnet, weighing
from installation.restorers.protocol import ModelError
from tests.restorers import tiny_guides, tiny_pipeline


@pytest.fixture(scope="module")
def unet():
    return tiny_pipeline.unet()


@pytest.fixture
def folder(tmp_path):
    return tiny_guides.control(tmp_path / "canny")


def refused(folder, unet, of="edge"):
    with pytest.raises(ModelError) as refusal:
        controlnet.load(folder, of, unet)
    return str(refusal.value)


def test_it_is_loaded_in_the_numbers_of_the_model_that_plays(folder):
    network = controlnet.load(folder, "edge", tiny_pipeline.unet().to(torch.bfloat16)).network
    assert network.dtype == torch.bfloat16
    assert not any(weight.requires_grad for weight in network.parameters())


def test_a_folder_without_a_configuration_is_no_controlnet(tmp_path, unet):
    assert "no config.json, so this is no ControlNetModel" in refused(tmp_path, unet)


def test_another_network_is_named(tmp_path, unet):
    unet.save_pretrained(tmp_path)
    assert "UNet2DConditionModel, and no ControlNetModel. Name another folder." in refused(tmp_path, unet)


def test_one_of_another_family_is_refused_with_what_differs(folder):
    wide = tiny_pipeline.unet(cross_attention_dim=64)
    said = refused(folder, wide)
    assert "another family of models (cross_attention_dim 32, and here it is 64)" in said
    assert "Name one made for the model that plays." in said


def test_missing_weights_and_pickles_are_refused(folder, unet):
    weights = folder / "diffusion_pytorch_model.safetensors"
    weights.rename(folder / "diffusion_pytorch_model.bin")
    assert "holds only pickled weights" in refused(folder, unet)
    (folder / "diffusion_pytorch_model.bin").unlink()
    assert "weights missing" in refused(folder, unet)


def test_one_that_was_cut_off_is_refused(folder, unet):
    weights = folder / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "cut off or damaged" in refused(folder, unet)


def test_a_configuration_that_makes_no_network_is_refused(folder, unet):
    told = json.loads((folder / "config.json").read_text()) | {"attention_head_dim": "many"}
    (folder / "config.json").write_text(json.dumps(told))
    assert "does not load" in refused(folder, unet)


def test_to_be_led_by_depth_a_model_is_needed_that_sees_it(folder, unet):
    assert "a model is needed that sees it" in refused(folder, unet, "depth")


def test_one_too_big_for_what_is_free_is_refused_with_both_figures(folder):
    weights = [folder / "diffusion_pytorch_model.safetensors"]
    with pytest.raises(ModelError, match=r"canny wants 1\.0 GiB of memory, and 0\.5 GiB are free"):
        weighing.width_that_fits(weighing.weigh(weights), (4,), 0.5 * weighing.GIB, "canny")
