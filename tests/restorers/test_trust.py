"""What a model folder must be, before anything of it is loaded."""

import json

import pytest

from installation.restorers.protocol import ModelError
from installation.restorers.trust import vouch


@pytest.fixture
def folder(tmp_path):
    """The bare outline of a pipeline: weights are never read by ``vouch``, so any bytes will do."""
    write(tmp_path / "model_index.json", {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1", "unet": ["diffusers", "UNet"],
        "vae": ["diffusers", "VAE"], "scheduler": ["diffusers", "DDIM"], "safety_checker": [None, None],
    })  # fmt: skip
    write(tmp_path / "scheduler" / "scheduler_config.json", {})
    for part in ("unet", "vae"):
        write(tmp_path / part / "config.json", {})
        (tmp_path / part / "diffusion_pytorch_model.safetensors").write_bytes(part.encode())
    return tmp_path


def write(file, content):
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(content))


def test_a_complete_folder_is_vouched_for(folder):
    vouched = vouch(folder)
    assert (vouched.pipeline, vouched.absent, vouched.variant) == ("StableDiffusionPipeline", ("safety_checker",), None)


def test_the_digest_follows_the_weights(folder):
    before = vouch(folder).digest
    assert vouch(folder).digest == before
    (folder / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"other")
    assert vouch(folder).digest != before


def test_half_precision_weights_are_found_where_there_are_no_others(folder):
    for part in ("unet", "vae"):
        plain = folder / part / "diffusion_pytorch_model.safetensors"
        plain.rename(plain.with_name("diffusion_pytorch_model.fp16.safetensors"))
    assert vouch(folder).variant == "fp16"


@pytest.mark.parametrize("suffix", [".bin", ".ckpt", ".pt", ".pkl"])
def test_pickled_weights_are_refused_where_safetensors_are_missing(folder, suffix):
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(suffix))
    with pytest.raises(ModelError, match=r"only pickled weights.*never loaded"):
        vouch(folder)


def test_pickles_beside_safetensors_do_no_harm(folder):
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"never opened")
    assert vouch(folder).pipeline == "StableDiffusionPipeline"


def test_a_missing_component_is_named(folder):
    for file in (folder / "vae").iterdir():
        file.unlink()
    (folder / "vae").rmdir()
    with pytest.raises(ModelError, match=r"vae missing\. Download the whole folder"):
        vouch(folder)


def test_missing_weights_are_named(folder):
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(ModelError, match="vae: weights missing"):
        vouch(folder)


def test_a_missing_shard_is_named(folder):
    shards = {"weight_map": {"a": "diffusion_pytorch_model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    write(folder / "unet" / "diffusion_pytorch_model.safetensors.index.json", shards)
    with pytest.raises(ModelError, match=r"model-00002-of-00002\.safetensors missing"):
        vouch(folder)


def test_code_from_the_folder_is_refused(folder):
    index = json.loads((folder / "model_index.json").read_text()) | {"unet": ["my_unet", "Trojan"]}
    write(folder / "model_index.json", index)
    with pytest.raises(ModelError, match="code of its own"):
        vouch(folder)


def test_a_custom_pipeline_is_refused(folder):
    index = json.loads((folder / "model_index.json").read_text()) | {"_class_name": ["pipeline", "Trojan"]}
    write(folder / "model_index.json", index)
    with pytest.raises(ModelError, match="code of its own"):
        vouch(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", "\udcff"])
def test_a_damaged_index_is_refused(folder, content):
    (folder / "model_index.json").write_text(content, errors="surrogateescape")
    with pytest.raises(ModelError, match="Download the whole folder again"):
        vouch(folder)


def test_a_folder_that_is_no_pipeline_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"no model_index\.json"):
        vouch(tmp_path / "nowhere")
