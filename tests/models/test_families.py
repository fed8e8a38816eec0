"""Which family a folder is of, and that what the table says of a family is true of its architecture."""

import json

import pytest
import torch

from installation.models.families import FAMILIES, recognise
from installation.restorers import lora
from tests.models.architectures import ARCHITECTURES, parameters


def folder_of(path, pipeline, unet=None, **scheduler):
    index = {"_class_name": pipeline} | ({"unet": ["diffusers", "UNet2DConditionModel"]} if unet is not None else {})
    told = {"model_index.json": index, "unet/config.json": unet, "scheduler/scheduler_config.json": scheduler}
    for name, content in told.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("pipeline", "unet", "scheduler", "key"),
    [
        ("StableDiffusionPipeline", {"cross_attention_dim": 768}, {}, "sd15"),
        ("StableDiffusionPipeline", {"cross_attention_dim": 1024}, {"timestep_spacing": "leading"}, "sd21"),
        ("StableDiffusionPipeline", {"cross_attention_dim": 1024}, {"timestep_spacing": "trailing"}, "sd-turbo"),
        ("StableDiffusionXLPipeline", {"addition_embed_type": "text_time"}, {}, "sdxl"),
        ("StableDiffusionXLPipeline", {"addition_embed_type": "text_time"}, {"timestep_spacing": "trailing"},
         "sdxl-turbo"),
        ("LatentConsistencyModelPipeline", {"time_cond_proj_dim": 256}, {}, "lcm"),
        ("StableDiffusion3Pipeline", None, {}, "sd35"),
        ("FluxPipeline", None, {}, "flux-schnell"),
        ("SanaSprintPipeline", None, {}, "sana-sprint"),
        ("ZImagePipeline", None, {}, "z-image-turbo"),
        ("QwenImageImg2ImgPipeline", None, {}, "qwen-image"),
    ],
)  # fmt: skip
def test_a_family_is_known_by_what_its_folder_says(tmp_path, pipeline, unet, scheduler, key):
    assert recognise(folder_of(tmp_path, pipeline, unet, **scheduler)) is FAMILIES[key]


@pytest.mark.parametrize("content", ["", "[]", '{"_class_name": "AudioLDMPipeline"}'])
def test_what_is_not_known_is_of_no_family(tmp_path, content):
    (tmp_path / "model_index.json").write_text(content)
    assert recognise(tmp_path) is None
    assert recognise(tmp_path / "nowhere") is None


def test_an_adapter_that_makes_an_lcm_is_known_by_its_base(tmp_path):
    lora.name_base(tmp_path, tmp_path, consistent=True)
    assert recognise(tmp_path) is FAMILIES["lcm-lora"]


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_the_parameters_are_those_of_the_architecture(key):
    with torch.device("meta"):
        assert round(parameters(key) / 1e6) == FAMILIES[key].parameters


def test_every_family_says_where_it_is_and_what_it_costs():
    for family in FAMILIES.values():
        assert family.source.count("/") == 1
        assert 0.1 < family.half_gib < 100.0
