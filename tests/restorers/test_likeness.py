"""Folders that hold no IP-Adapter for the model that plays: a sentence each."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from installation.restorers import likeness
from installation.restorers.protocol import ModelError
from tests.restorers import tiny_guides, tiny_pipeline

FILE = "ip-adapter_tiny.safetensors"


@pytest.fixture(scope="module")
def unet():
    return tiny_pipeline.unet()


@pytest.fixture
def folder(tmp_path):
    return tiny_guides.likeness(tmp_path / "adapter")


def refused(folder, unet):
    with pytest.raises(ModelError) as refusal:
        likeness.load(folder, unet)
    return str(refusal.value)


def without(folder, *beginnings, **more):
    """Take some tensors out of an adapter, and put others in."""
    tensors = {name: each for name, each in load_file(folder / FILE).items() if not name.startswith(beginnings)}
    save_file(tensors | more, folder / FILE)


def test_it_is_made_ready_without_touching_the_network_that_plays(folder, unet):
    before = unet.attn_processors
    adapter = likeness.load(folder, unet)
    assert unet.attn_processors == before
    assert unet.encoder_hid_proj is None
    assert not any(weight.requires_grad for weight in adapter.projection.parameters())


def test_it_is_taken_off_as_it_was_put_on(folder, unet):
    before, config = unet.attn_processors, dict(unet.config)
    likeness.load(folder, unet).put_on(unet)
    assert unet.attn_processors != before
    likeness.take_off(unet, before)
    assert unet.attn_processors == before
    assert dict(unet.config) == config


def test_it_is_loaded_in_the_numbers_of_the_model_that_plays(folder):
    adapter = likeness.load(folder, tiny_pipeline.unet().to(torch.bfloat16))
    seen = adapter.see(torch.zeros(2, 3, 16, 16))
    assert seen.something.shape == seen.nothing.shape == (2, 1, tiny_guides.EMBEDDING)
    assert seen.something.dtype == torch.bfloat16


def test_its_image_encoder_may_lie_beside_it(folder, unet):
    (folder / "image_encoder").rename(folder.parent / "image_encoder")
    assert likeness.load(folder, unet).whole


def test_without_its_image_encoder_it_is_refused(folder, unet):
    (folder / "image_encoder" / "config.json").unlink()
    assert "its image encoder is missing. Put the folder image_encoder" in refused(folder, unet)


def test_an_image_encoder_that_was_pickled_is_never_loaded(folder, unet):
    weights = folder / "image_encoder" / "model.safetensors"
    weights.rename(weights.with_name("pytorch_model.bin"))
    assert "image_encoder: holds only pickled weights" in refused(folder, unet)


def test_a_folder_that_is_not_there_is_said(tmp_path, unet):
    assert "no such folder" in refused(tmp_path / "gone", unet)


def test_pickles_several_files_and_none_are_refused(folder, unet):
    (folder / "second.safetensors").write_bytes(b"")
    assert "holds 2 adapters. Give each a folder of its own." in refused(folder, unet)
    (folder / "second.safetensors").unlink()
    (folder / FILE).rename(folder / "ip-adapter_tiny.bin")
    assert "holds only pickled weights (ip-adapter_tiny.bin)" in refused(folder, unet)
    (folder / "ip-adapter_tiny.bin").unlink()
    assert "no .safetensors, so this is no IP-Adapter" in refused(folder, unet)


def test_one_of_another_family_is_refused_with_both_widths(folder):
    said = refused(folder, tiny_pipeline.unet(cross_attention_dim=64))
    assert "another family of models (its words are 32 wide, and here they are 64)" in said


def test_one_that_hears_a_face_recogniser_is_refused(folder, unet):
    without(folder, "image_proj.proj.", **{"image_proj.proj.0.weight": torch.zeros(4, 512)})
    assert "hears faces by another program's eye" in refused(folder, unet)


def test_other_weights_are_no_ip_adapter(folder, unet):
    without(folder, "ip_adapter.")
    assert "no IP-Adapter; nothing in it is called" in refused(folder, unet)


def test_one_with_too_few_layers_does_not_fit(folder, unet):
    without(folder, "ip_adapter.3.")
    said = refused(folder, unet)
    assert "this IP-Adapter does not fit" in said
    assert "\n" not in said


def test_one_that_was_cut_off_is_refused(folder, unet):
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:-1])
    assert "cut off or damaged" in refused(folder, unet)
