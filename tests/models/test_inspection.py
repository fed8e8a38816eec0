"""What is said of a model's folder before anything of it is loaded."""

import json

import pytest

from installation.models import sums
from installation.models.inspection import Room, inspect
from installation.restorers import lora
from installation.restorers.trust import vouch
from installation.restorers.weighing import GIB, HALF, SINGLE, weigh
from tests.restorers import tiny_guides, tiny_pipeline

ROOMY = Room("a large card", 80.0 * GIB, (HALF,))
UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(tmp_path):
    return tiny_pipeline.build(tmp_path / "tiny")


def said(folder, grade, room=ROOMY):
    return " ".join(remark.sentence for remark in inspect(folder, room) if remark.grade == grade)


def test_nothing_bad_is_said_of_a_whole_folder(folder):
    assert said(folder, "bad") == ""
    assert "Stable Diffusion 1.5: walked by hand" in said(folder, "good")
    assert "million parameters" in said(folder, "good")
    assert "nothing vouches" in said(folder, "note")


def test_everything_that_is_wrong_is_said_at_once(folder):
    (folder / UNET).unlink()
    (folder / "vae" / "diffusion_pytorch_model.safetensors").rename(folder / "vae" / "weights.bin")
    wrong = said(folder, "bad")
    assert "unet: weights missing" in wrong
    assert "vae: holds only pickled weights (weights.bin)" in wrong


def test_a_file_that_was_cut_off_is_found_without_being_read(folder):
    content = (folder / UNET).read_bytes()
    (folder / UNET).write_bytes(content[:-1])
    assert "cut off or damaged" in said(folder, "bad")


def test_pickles_beside_safetensors_may_be_deleted(folder):
    (folder / "unet" / "old.ckpt").write_bytes(b"x")
    assert "unet/old.ckpt: pickled weights, never loaded; they may be deleted" in said(folder, "note")


def test_a_model_too_big_for_the_card_is_said_with_both_figures(folder):
    small = Room("a small card", 0.5 * GIB, (HALF,))
    assert "wants 1.0 GiB of memory, and 0.5 GiB are free" in said(folder, "bad", small)


def test_a_model_that_fits_only_in_half_width_is_noted(folder):
    wanted = weigh(vouch(folder).loaded).wanted(HALF)
    assert "only in 16 bits a number" in said(folder, "note", Room("here", wanted, (SINGLE, HALF)))


def test_sums_that_were_recorded_are_compared(folder):
    sums.record(folder, [UNET])
    assert "1 files are those that were downloaded" in said(folder, "good")
    (folder / UNET).write_bytes((folder / UNET).read_bytes()[::-1])
    assert "not the file that was downloaded" in said(folder, "bad")


def test_a_pipeline_without_an_image_form_is_said(folder):
    index = json.loads((folder / "model_index.json").read_text()) | {"_class_name": "DDPMPipeline"}
    (folder / "model_index.json").write_text(json.dumps(index))
    assert "no image-to-image form" in said(folder, "bad")


def test_a_folder_without_an_index_is_no_pipeline(tmp_path):
    assert "no diffusers pipeline" in said(tmp_path, "bad")


def test_a_tiny_decoder_is_no_pipeline_and_good_all_the_same(tmp_path):
    tiny_pipeline.tiny_vae().save_pretrained(tmp_path)
    assert "a tiny decoder; /restore/decoder tiny" in said(tmp_path, "good")
    weights = tmp_path / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(b"hurt")
    assert "damaged" in said(tmp_path, "bad")
    weights.unlink()
    assert "without its weights" in said(tmp_path, "bad")


def test_an_adapter_is_as_good_as_its_base(folder, tmp_path):
    worn = tmp_path / "adapter"
    lora.name_base(worn, folder)
    (worn / lora.WEIGHTS).write_bytes((folder / UNET).read_bytes())
    assert "an adapter for" in said(worn, "good")
    lora.name_base(worn, tmp_path / "gone")
    assert "where no model is" in said(worn, "bad")
    (worn / lora.WEIGHTS).write_bytes(b"")
    assert "damaged" in said(worn, "bad")


# ------------------------------------------------------------------ what leads a pipeline besides words


def test_a_controlnet_is_known_with_the_families_that_it_leads(tmp_path):
    canny = tiny_guides.control(tmp_path / "canny")
    told = json.loads((canny / "config.json").read_text()) | {"cross_attention_dim": 768}
    (canny / "config.json").write_text(json.dumps(told))
    good = said(canny, "good")
    assert "a ControlNet for Stable Diffusion 1.5, LCM, LCM LoRA; control = " in good
    assert 'model = "canny"' in good


def test_an_ip_adapter_is_known_and_missed_without_its_image_encoder(tmp_path):
    adapter = tiny_guides.likeness(tmp_path / "adapter", 64)
    assert "an IP-Adapter for models whose words are 64 wide, with its image encoder" in said(adapter, "good")
    (adapter / "image_encoder").rename(tmp_path / "elsewhere")
    assert "its image encoder is missing" in said(adapter, "bad")


def test_a_pickled_ip_adapter_is_bad(tmp_path):
    adapter = tiny_guides.likeness(tmp_path / "adapter")
    (adapter / "ip-adapter_tiny.safetensors").rename(adapter / "ip-adapter_tiny.bin")
    assert "holds only pickled weights (ip-adapter_tiny.bin)" in said(adapter, "bad")


def test_what_sees_depth_is_known(tmp_path):
    assert "sees how near things are" in said(tiny_guides.depth(tmp_path / "dpt"), "good")


def test_a_controlnet_too_big_for_the_card_and_a_hurt_one_are_bad(tmp_path):
    canny = tiny_guides.control(tmp_path / "canny")
    small = Room("a small card", 0.5 * GIB, (HALF,))
    assert "wants 1.0 GiB of memory, and 0.5 GiB are free" in said(canny, "bad", small)
    (canny / "diffusion_pytorch_model.safetensors").unlink()
    assert "weights missing" in said(canny, "bad")
