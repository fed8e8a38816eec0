"""Models from the hub: one commit, safetensors only, every file checked; held against a hub on this machine."""

import json

import pytest

from installation.models import hub, sums
from installation.models.hub import HubError, Offered, Wish, needed
from installation.restorers import lora
from tests.models.small_hub import COMMIT, REPOSITORY, serving

INDEX = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "U"], "tokenizer": ["transformers", "T"],
         "scheduler": ["diffusers", "S"], "safety_checker": ["stable_diffusion", "C"]}  # fmt: skip
UNET = "unet/diffusion_pytorch_model"
FILES = {
    "model_index.json": json.dumps(INDEX).encode(),
    "LICENSE.md": b"be kind",
    "README.md": b"no need",
    "preview.png": bytes(2000),
    "unet/config.json": b"{}",
    f"{UNET}.safetensors": bytes(9000),
    f"{UNET}.fp16.safetensors": bytes(range(250)) * 20,
    f"{UNET}.bin": b"a pickle",
    "tokenizer/vocab.json": b'{"a": 1}',
    "scheduler/scheduler_config.json": b"{}",
    "safety_checker/model.safetensors": bytes(3000),
}
PLAYED = {
    "model_index.json", "LICENSE.md", "unet/config.json", f"{UNET}.fp16.safetensors", "tokenizer/vocab.json",
    "scheduler/scheduler_config.json",
}  # fmt: skip


@pytest.fixture
def running(monkeypatch):
    with serving(FILES) as small:
        monkeypatch.setenv("HF_ENDPOINT", small.address)
        yield small


def wish(folder, **changes):
    return Wish(**{"repository": REPOSITORY, "revision": COMMIT, "into": folder / "tiny"} | changes)


def silent(*_):
    """Nobody looks."""


def names(folder):
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def offered(*paths):
    return [Offered(path, 1, None, "") for path in paths]


def test_only_what_is_played_comes_and_the_smaller_weights_of_two(running, tmp_path):
    folder = hub.add(wish(tmp_path), silent)
    assert names(folder) == PLAYED | {sums.NAME, hub.SOURCE}
    assert set(running.fetched()) == PLAYED
    assert (folder / f"{UNET}.fp16.safetensors").read_bytes() == FILES[f"{UNET}.fp16.safetensors"]


@pytest.mark.usefixtures("running")
def test_what_came_from_where_is_written_down_with_its_sums(tmp_path):
    folder = hub.add(wish(tmp_path), silent)
    told = json.loads((folder / hub.SOURCE).read_text())
    assert told == {"repository": REPOSITORY, "revision": COMMIT, "bytes": sum(len(FILES[name]) for name in PLAYED)}
    assert sums.verify(folder) == len(PLAYED)


@pytest.mark.usefixtures("running")
def test_it_is_told_how_much_has_come(tmp_path):
    told = []
    hub.add(wish(tmp_path), lambda come, whole: told.append((come, whole)))
    whole = sum(len(FILES[name]) for name in PLAYED)
    assert told[-1] == (whole, whole)
    assert told == sorted(told)


def test_an_interrupted_download_goes_on_where_it_was(running, tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub.add(wish(tmp_path), interrupt)
    assert not (tmp_path / "tiny").exists()
    before = running.fetched()
    folder = hub.add(wish(tmp_path), silent)
    assert names(folder) >= PLAYED
    assert running.fetched().count("model_index.json") == before.count("model_index.json") == 1


def test_a_file_whose_sum_is_another_is_refused_and_not_kept(running, tmp_path):
    running.files[f"{UNET}.fp16.safetensors"] = bytes(5000)
    with pytest.raises(HubError, match="its sum is another"):
        hub.add(wish(tmp_path), silent)
    assert not (tmp_path / "tiny").exists()
    assert not (tmp_path / "tiny.part" / f"{UNET}.fp16.safetensors").exists()


def test_a_small_file_is_checked_by_the_sum_that_git_gives_it(running, tmp_path):
    running.files["tokenizer/vocab.json"] = b'{"a": 2}'
    with pytest.raises(HubError, match=r"vocab\.json did not come as it was listed"):
        hub.add(wish(tmp_path), silent)


@pytest.mark.parametrize("revision", ["main", "v1.0", COMMIT[:12], COMMIT.upper()])
def test_without_a_whole_commit_nobody_is_asked_anything(running, tmp_path, revision):
    with pytest.raises(HubError, match="--revision takes a whole commit"):
        hub.add(wish(tmp_path, revision=revision), silent)
    assert running.asked == []


@pytest.mark.usefixtures("running")
def test_a_commit_that_is_not_there_is_said(tmp_path):
    with pytest.raises(HubError, match="has no commit fff"):
        hub.add(wish(tmp_path, revision="f" * 40), silent)


@pytest.mark.usefixtures("running")
def test_a_model_that_is_not_there_is_said(tmp_path):
    with pytest.raises(HubError, match="There is no model nobody/nothing"):
        hub.add(wish(tmp_path, repository="nobody/nothing"), silent)


def test_a_licence_that_must_be_agreed_to_is_said(running, tmp_path):
    running.gated = True
    with pytest.raises(HubError, match=r"wants its licence agreed to.*HF_TOKEN"):
        hub.add(wish(tmp_path), silent)


def test_without_a_network_it_is_said_what_to_do(running, tmp_path):
    running.shutdown()
    running.server_close()
    with pytest.raises(HubError, match=r"cannot be reached.*copy the folder of commit 0123456789ab.*models check"):
        hub.add(wish(tmp_path), silent)


def test_a_folder_that_is_there_is_left_alone(running, tmp_path):
    (tmp_path / "tiny").mkdir()
    with pytest.raises(HubError, match="is there already"):
        hub.add(wish(tmp_path), silent)
    assert running.asked == []


def test_a_part_with_pickles_only_is_refused_before_anything_large_comes(monkeypatch, tmp_path):
    with serving({name: data for name, data in FILES.items() if not name.endswith(".safetensors")}) as small:
        monkeypatch.setenv("HF_ENDPOINT", small.address)
        with pytest.raises(HubError, match=r"\.bin: pickled weights.*use another"):
            hub.add(wish(tmp_path), silent)
    assert set(small.fetched()) == {"model_index.json"}


def test_shards_come_with_the_index_of_their_variant_only():
    shards = [f"unet/m.fp16-0000{place}-of-00002.safetensors" for place in (1, 2)]
    plain = ["unet/m-00001-of-00001.safetensors", "unet/m.safetensors.index.json"]
    paths = ["model_index.json", *shards, *plain, "unet/m.safetensors.index.fp16.json", "unet/config.json"]
    wanted = needed(offered(*paths), lambda _: {"unet": ["diffusers", "U"]})
    assert {file.path for file in wanted} == {paths[0], *shards, *paths[-2:]}


@pytest.mark.parametrize(
    ("told", "files"),
    [
        ({"_class_name": "ControlNetModel"}, {"config.json", "diffusion_pytorch_model.safetensors"}),
        ({"architectures": ["DepthAnythingForDepthEstimation"]},
         {"config.json", "model.safetensors", "preprocessor_config.json"}),
    ],
)  # fmt: skip
def test_what_leads_a_pipeline_is_a_network_alone(told, files):
    pickled = ("diffusion_pytorch_model.bin", "model.bin")
    there = ("diffusion_pytorch_model.safetensors", "model.safetensors", "preprocessor_config.json", "config.json")
    assert {file.path for file in needed(offered(*there, *pickled), lambda _: told)} == files


def test_a_tiny_decoder_is_two_files():
    paths = ["config.json", "diffusion_pytorch_model.safetensors", "taesd_encoder.pth", "README.md"]
    wanted = needed(offered(*paths), lambda _: {"_class_name": "AutoencoderTiny"})
    assert [file.path for file in wanted] == paths[:2]


def test_what_is_no_model_for_us_is_said():
    with pytest.raises(HubError, match="neither a diffusers pipeline"):
        needed(offered("sd-v1-5.ckpt", "config.json"), lambda _: {})


def test_an_adapter_comes_with_the_name_of_its_base(monkeypatch, tmp_path):
    with serving({lora.WEIGHTS: bytes(2000)}) as small:
        monkeypatch.setenv("HF_ENDPOINT", small.address)
        folder = hub.add(wish(tmp_path, base=tmp_path / "base"), silent)
    assert lora.base_of(folder) == tmp_path / "base"


def test_an_adapter_without_a_base_is_asked_for_it(monkeypatch, tmp_path):
    with serving({lora.WEIGHTS: bytes(2000)}) as small:
        monkeypatch.setenv("HF_ENDPOINT", small.address)
        with pytest.raises(HubError, match="--base FOLDER"):
            hub.add(wish(tmp_path), silent)
