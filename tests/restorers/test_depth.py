"""How near things are, by a tiny model of DPT's true architecture, and where such a model is looked for."""

import json

import pytest
import torch

from installation.restorers import depth
from installation.restorers.protocol import ModelError
from tests.restorers import tiny_guides

HERE = torch.device("cpu"), torch.float32


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_guides.depth(tmp_path_factory.mktemp("models") / "dpt")


def test_the_farthest_is_0_and_the_nearest_1_in_every_picture(folder):
    seen = depth.load(folder, *HERE)(torch.rand(2, 3, 48, 64, generator=torch.Generator().manual_seed(1)) * 2.0 - 1.0)
    assert seen.shape == (2, 3, 48, 64)
    for one in seen:
        assert (float(one.min()), float(one.max())) == pytest.approx((0.0, 1.0))
        assert torch.equal(one[0], one[2])
    assert not torch.equal(seen[0], seen[1])


def test_it_is_found_beside_a_controlnet_or_within_it(folder):
    assert depth.beside(folder.parent / "control") == folder
    inside = folder.parent / "control" / "depth"
    inside.mkdir(parents=True)
    (inside / "config.json").write_bytes((folder / "config.json").read_bytes())
    assert depth.beside(folder.parent / "control") == inside


def test_where_there_is_none_it_is_said_what_to_do(tmp_path):
    with pytest.raises(ModelError, match=r"to be led by depth a model is needed that sees it.*be led by edges"):
        depth.beside(tmp_path / "control")


@pytest.mark.parametrize("told", [{"architectures": ["GLPNForDepthEstimation"]}, {"depth_estimation_type": "metric"}])
def test_one_that_says_how_far_instead_of_how_near_is_passed_over(tmp_path, folder, told):
    place = tmp_path / "metres"
    place.mkdir()
    (place / "config.json").write_text(json.dumps(json.loads((folder / "config.json").read_text()) | told))
    with pytest.raises(ModelError, match="a model is needed"):
        depth.beside(tmp_path / "control")


def test_one_that_does_not_load_is_refused_with_the_reason(tmp_path):
    hurt = tiny_guides.depth(tmp_path / "hurt")
    (hurt / "preprocessor_config.json").unlink()
    with pytest.raises(ModelError, match="does not load"):
        depth.load(hurt, *HERE)


def test_pickled_weights_are_never_loaded(tmp_path):
    pickled = tiny_guides.depth(tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"only pickled weights \(pytorch_model.bin\)"):
        depth.load(pickled, *HERE)
