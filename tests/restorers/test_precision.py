"""With which numbers networks compute."""

import shutil

import pytest
import torch

from installation.machine.settings import EngineSettings
from installation.restorers import precision
from installation.restorers.diffusion import Diffusion
from installation.restorers.ember import Ember
from installation.restorers.exact import Nobody
from installation.restorers.grid import Grid
from installation.restorers.shelf import Shelf, load
from tests.restorers import tiny_pipeline

CPU, CARD = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    tiny_pipeline.build(folder / "sd")
    tiny_pipeline.build(folder / "flux", "flux")
    return folder


def processor(monkeypatch, *, computes):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: computes)


@pytest.mark.parametrize(("computes", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_processor_computes_with_bfloat16_only_where_it_can(monkeypatch, computes, expected):
    processor(monkeypatch, computes=computes)
    assert precision.fast(CPU) is expected
    assert precision.wanted("auto", CPU) is expected


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_what_is_asked_for_is_taken(kind):
    assert precision.wanted(kind, CPU) is precision.wanted(kind, CARD) is getattr(torch, kind)


def test_float16_is_for_cards_and_left_alone_there_they_compute_as_they_were_taught():
    assert precision.wanted("float16", CARD) is torch.float16
    assert precision.wanted("float16", CPU) is torch.float32
    assert precision.wanted("auto", CARD) is None


@pytest.mark.parametrize("family", ["sd", "flux"])
@pytest.mark.parametrize("computes", [True, False])
def test_a_pipeline_plays_with_what_is_fast_here_and_a_take_says_so(monkeypatch, models, family, computes):
    processor(monkeypatch, computes=computes)
    loaded = load("diffusion", family, models, "cpu")
    expected = {"dtype": "bfloat16" if computes else "float32"}
    assert precision.told(loaded) == precision.told(Grid(loaded, 2)) == expected


def test_the_machines_settings_decide_before_that(monkeypatch, models):
    processor(monkeypatch, computes=True)
    shelf = Shelf(EngineSettings(models=models, dtype="float32"), "cpu")
    assert precision.told(shelf.take("diffusion", "sd")) == {"dtype": "float32"}


def test_who_has_no_choice_says_nothing():
    assert precision.told(Nobody()) == precision.told(Grid(Nobody(), 2)) == {}


def test_weights_that_ember_puts_on_while_it_plays_leave_alone_what_it_computes_with(monkeypatch, defaults):
    processor(monkeypatch, computes=True)
    ember = load("ember", None, None, "cpu")
    assert defaults <= {torch.float32}
    assert isinstance(ember, Ember)
    assert ember.expert
    assert ember.network.dtype is ember.expert.network.dtype is torch.bfloat16


def test_so_does_a_tiny_decoder(monkeypatch, models, tmp_path, defaults):
    processor(monkeypatch, computes=True)
    copy = shutil.copytree(models / "sd", tmp_path / "sd")
    tiny_pipeline.tiny_vae().save_pretrained(copy / "vae_tiny")
    loaded = load("diffusion", str(copy), None, "cpu")
    assert defaults <= {torch.float32}
    assert isinstance(loaded, Diffusion)
    assert loaded.autoencoders.tiny
    assert loaded.autoencoders.tiny.dtype is torch.bfloat16
