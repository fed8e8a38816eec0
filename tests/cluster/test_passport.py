"""What must be the same on two machines, and how it is said where it is not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from installation.cluster.passport import Passport, Weights, passport, refusal
from installation.machine.settings import EngineSettings, Settings
from installation.restorers import ModelError, shelf
from tests.training.tiny_ember import tiny_ember, wall

OURS = Passport(
    "0.1.0", "3.11", (("torch", "2.13.0"), ("numpy", "2.4")), (Weights("ember", None, "a" * 64),), 1, "AVX2"
)
OTHERS: dict[str, dict[str, Any]] = {
    "Burntout 0.2.0": {"burntout": "0.2.0"},
    "Python 3.12": {"python": "3.12"},
    "torch 2.12.0": {"libraries": (("torch", "2.12.0"), ("numpy", "2.4"))},
    "numpy none": {"libraries": (("torch", "2.13.0"), ("numpy", "none"))},
    "weights of ember bbbbbbbbbbbb": {"weights": (Weights("ember", None, "b" * 64),)},
    "threads 2": {"threads": 2},
    "chip AVX512": {"chip": "AVX512"},
}


def test_a_machine_that_has_the_same_is_not_refused():
    assert refusal(OURS, OURS, "node-7") == ""


@pytest.mark.parametrize("what", OTHERS)
def test_whatever_differs_is_named_with_the_machine_and_what_to_do(what):
    sentence = refusal(dataclasses.replace(OURS, **OTHERS[what]), OURS, "node-7")
    assert sentence.startswith(f"node-7 has {what} and this machine ")
    assert sentence.endswith((" there.", " machine.", " its kind."))


def test_where_pipelines_lie_makes_no_difference(tmp_path):
    assert refusal(dataclasses.replace(OURS, models=tmp_path), OURS, "node-7") == ""


@pytest.mark.parametrize(
    ("name", "folder"), [("ember", tiny_ember), ("archive", wall), ("none", None), ("demon", None)]
)
def test_the_digest_is_that_of_the_restorer_which_would_be_loaded(name, folder, tmp_path):
    if folder:
        folder(tmp_path / name)
    model = str(tmp_path / name)
    assert shelf.digest(name, model, None) == shelf.load(name, model, None, "cpu").digest


def test_spread_work_has_one_thread_unless_more_are_asked_for():
    assert passport((), Settings()).threads == 1
    assert passport((), Settings(engine=EngineSettings(threads=3))).threads == 3


def test_a_passport_tells_for_which_restorers_it_was_made():
    asked = (("none", None), ("demon", None))
    assert passport(asked, Settings()).asked() == asked


def test_weights_that_are_missing_are_refused_with_their_folder(tmp_path):
    with pytest.raises(ModelError, match=str(tmp_path)):
        passport([("ember", str(tmp_path))], Settings())


def test_where_nothing_is_restored_nothing_is_said_of_the_chip():
    assert passport((), Settings()).chip == ""


def test_a_processor_that_does_not_compute_in_bfloat16_is_another_chip(monkeypatch):
    """Torch calls both AVX512, and ember paints otherwise on them."""
    chips = set()
    for computes in (True, False):
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
            monkeypatch.setattr(torch.cpu, name, lambda computes=computes: computes)
        chips.add(passport([("none", None)], Settings()).chip)
    assert len(chips) == 2
