"""``burntout models``: the families, the folder, one looked over, one fetched."""

import pytest
from typer.testing import CliRunner

from installation import cli
from installation.errors import Refusal
from installation.models import holdings
from tests.models.small_hub import COMMIT, REPOSITORY, serving
from tests.restorers import tiny_guides, tiny_pipeline


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A machine.toml with a models folder that holds one good pipeline and one without its UNet."""
    folder = tmp_path_factory.mktemp("machine")
    for name in ("good", "hurt"):
        tiny_pipeline.build(folder / "models" / name)
    (folder / "models" / "hurt" / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    (folder / "models" / "notes").mkdir()
    tiny_guides.control(folder / "models" / "canny")
    tiny_guides.likeness(folder / "models" / "faces")
    (folder / "machine.toml").write_text(f'[engine]\nmodels = "{folder / "models"}"\n')
    return folder


def called(*words, code=0):
    result = CliRunner().invoke(cli.app, ["models", *map(str, words)], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def test_the_families_and_the_folder_are_listed(machine):
    told = called("--config", machine / "machine.toml")
    assert "SD-Turbo" in told
    assert "good Stable Diffusion 1.5" in told
    assert "weights missing" in told
    assert "notes" not in told
    assert "canny ControlNet" in told
    assert "faces IP-Adapter" in told


def test_without_a_folder_it_is_said_how_to_name_one():
    assert "[engine] in machine.toml" in called()


def test_a_folder_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "machine.toml").write_text(f'[engine]\nmodels = "{tmp_path / "gone"}"\n')
    with pytest.raises(Refusal, match=r"cannot be read.*Mend \[engine\] models"):
        called("--config", tmp_path / "machine.toml")


def test_a_table_for_the_readme_is_printed():
    result = CliRunner().invoke(cli.app, ["models", "--markdown"])
    assert result.output == holdings.markdown()


def test_a_good_model_passes_and_a_hurt_one_does_not(machine):
    assert "Licence" in called("check", "good", "--config", machine / "machine.toml")
    assert "weights missing" in called("check", "hurt", "--config", machine / "machine.toml", code=1)


def test_a_model_is_looked_over_by_its_path_too(machine):
    assert "million parameters" in called("check", machine / "models" / "good")


def test_a_model_is_added_to_the_folder(machine, monkeypatch):
    index = b'{"_class_name": "StableDiffusionPipeline", "scheduler": ["diffusers", "S"]}'
    with serving({"model_index.json": index, "scheduler/scheduler_config.json": b"{}"}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        told = called("add", REPOSITORY, "--revision", COMMIT, "--name", "new", "--config", machine / "machine.toml")
    assert "is here. Look it over" in told
    assert (machine / "models" / "new" / "model_index.json").read_bytes() == index


def test_a_model_cannot_be_added_to_no_folder():
    with pytest.raises(Refusal, match="No models folder"):
        called("add", REPOSITORY, "--revision", COMMIT)
