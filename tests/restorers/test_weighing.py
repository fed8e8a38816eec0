"""What a pipeline weighs, told from its headers, and whether it fits."""

import json
import logging
import math

import pytest
import torch
from safetensors.torch import save_file

from installation.restorers import ModelError
from installation.restorers.diffusion import require_room
from installation.restorers.trust import vouch
from installation.restorers.weighing import GIB, HALF, SINGLE, WORKING, Load, free_bytes, weigh, width_that_fits
from tests.restorers import tiny_pipeline


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "some.safetensors"
    save_file({"a": torch.zeros(3, 4), "b": torch.zeros(5, dtype=torch.bfloat16)}, path, {"format": "pt"})
    return path


def test_parameters_are_counted_whatever_their_width(file):
    assert weigh([file]) == Load(17, file.stat().st_size)
    assert weigh([file, file]).parameters == 34
    assert weigh([]) == Load(0, 0)


def test_a_header_is_believed_only_if_the_file_is_as_long_as_it_says(file):
    content = file.read_bytes()
    for damaged in (content[:-1], content + b"x"):
        file.write_bytes(damaged)
        with pytest.raises(ModelError, match="cut off or damaged"):
            weigh([file])


@pytest.mark.parametrize(
    "content", [b"", b"hurt", b"\xff" * 8, b"\x02" + bytes(7) + b"[]", b"\x09" + bytes(7) + b'{"a": {}}']
)
def test_what_is_no_safetensors_is_refused(file, content):
    file.write_bytes(content)
    with pytest.raises(ModelError, match="damaged, or no safetensors"):
        weigh([file])


def test_weights_and_room_to_work_in_are_wanted():
    assert Load(10**9, 0).wanted(HALF) == 2e9 + WORKING


def test_the_widest_numbers_that_fit_are_taken():
    load = Load(GIB, 0)
    assert width_that_fits(load, (SINGLE, HALF), 5.0 * GIB, "it") == SINGLE
    assert width_that_fits(load, (SINGLE, HALF), 3.0 * GIB, "it") == HALF
    with pytest.raises(ModelError, match=r"it wants 3\.0 GiB of memory, and 2\.9 GiB are free"):
        width_that_fits(load, (SINGLE, HALF), 2.9 * GIB, "it")


def test_a_machine_has_free_memory():
    assert 0.0 < free_bytes(torch.device("cpu")) < math.inf


@pytest.mark.parametrize(
    ("wanted", "half"),
    [(torch.float32, torch.bfloat16), (torch.bfloat16, torch.float16), (torch.float16, torch.float16)],
)
def test_a_pipeline_plays_as_wanted_where_there_is_room(tmp_path, wanted, half):
    assert require_room(vouch(tiny_pipeline.build(tmp_path)), wanted, half, 80.0 * GIB) is wanted


def test_without_room_it_plays_in_half_the_width_and_a_line_says_so(tmp_path, caplog):
    vouched = vouch(tiny_pipeline.build(tmp_path))
    room = weigh(vouched.loaded).wanted(HALF)
    with caplog.at_level(logging.WARNING):
        assert require_room(vouched, torch.float32, torch.bfloat16, room) is torch.bfloat16
    assert "plays in 16 bits a number" in caplog.text
    with pytest.raises(ModelError, match="choose a smaller model"):
        require_room(vouched, torch.float32, torch.bfloat16, room - 1.0)


def test_of_two_variants_only_the_one_that_is_loaded_is_weighed(tmp_path):
    folder = tiny_pipeline.build(tmp_path)
    before = weigh(vouch(folder).loaded).parameters
    for part in ("unet", "vae", "text_encoder"):
        (plain,) = (folder / part).glob("*.safetensors")
        (folder / part / f"{plain.stem}.fp16.safetensors").write_bytes(plain.read_bytes())
    assert weigh(vouch(folder).loaded).parameters == before
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    assert vouch(folder).variant == "fp16"
    assert weigh(vouch(folder).loaded).parameters == before


def test_a_variant_in_shards_is_known_by_its_name(tmp_path):
    folder = tiny_pipeline.build(tmp_path)
    plain = folder / "unet" / "diffusion_pytorch_model.safetensors"
    shard = plain.with_name("diffusion_pytorch_model.fp16-00001-of-00001.safetensors")
    plain.rename(shard)
    index = plain.with_name("diffusion_pytorch_model.safetensors.index.fp16.json")
    index.write_text(json.dumps({"weight_map": {"a": shard.name}}))
    assert vouch(folder).variant == "fp16"
