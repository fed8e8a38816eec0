"""Latents that come round: exactly the present picture, kept through a checkpoint, and never where it was changed."""

from itertools import islice

import pytest
import torch

from installation.knobs import declared
from installation.loop.generation import BEYOND, encoded_anew, kept_latents, turn, turns, with_latents
from installation.loop.lineage import Lineage, from_bytes, to_bytes
from installation.records import Burnt, Step
from installation.restorers import Restoring, diffusion
from installation.restorers.grid import Grid
from installation.restorers.latents import decode
from tests.restorers import tiny_pipeline
from tests.support import Wiener

REST = {"/loop/stages": 0.0, "/loop/colour": 0.0, "/loop/noise-floor": 0.0, "/loop/measure-every": 1000.0}
PIXELS = {"/burn/gaussian/temperature": 0.4, "/restore/steps": 1.0} | REST
LATENTS = PIXELS | {"/restore/feedback": 1.0}
HEAT = {"/burn/medium": float(declared()["/burn/medium"].choices.index("heat")), "/burn/heat/temperature": 0.3}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny pipeline whose untrained decoder paints with contrast: the loop would refuse a flat field."""
    model = diffusion.load(tiny_pipeline.build(tmp_path_factory.mktemp("sd")))
    last = model.pipe.vae.decoder.layers[-1]
    with torch.no_grad():
        last.weight.mul_(30.0)
        last.bias.add_(0.5)
    return model


@pytest.fixture
def lineage(photograph):
    return Lineage.begin("hearth", 42, photograph)


def lived(lineage, restorer, values, generations=2):
    finished = (each for each in turns(lineage, restorer, lambda _: values, lambda: 0.0) if each.phase == "generation")
    return [moment.generation.digest for moment in islice(finished, generations) if moment.generation]


def test_the_latents_kept_are_those_of_the_present_picture(lineage, model):
    lived(lineage, model, LATENTS)
    assert torch.equal(decode(model.autoencoders.full, lineage.latents), lineage.present)


def test_a_generation_begins_from_the_latents_that_came_round_and_not_from_an_encoded_picture(lineage, model):
    lived(lineage, model, LATENTS, 1)
    burnt = with_latents(lineage, Burnt(lineage.present * 0.5, 0.5, 1.0, 0.5, 0.5, lineage.present))
    knobs = Restoring(feedback="latents")
    assert model.begin(burnt, knobs) is lineage.latents
    assert not torch.equal(model.begin(burnt, Restoring()), lineage.latents)


def test_feeding_latents_back_is_another_lineage_from_the_second_generation_on(photograph, model):
    pixels, latents = (lived(Lineage.begin("hearth", 42, photograph), model, each) for each in (PIXELS, LATENTS))
    assert pixels[0] == latents[0]
    assert pixels[1] != latents[1]


def test_a_lineage_with_latents_goes_on_from_its_checkpoint_hash_for_hash(lineage, model):
    lived(lineage, model, LATENTS)
    again = from_bytes(to_bytes(lineage))
    assert again.latents is not None
    assert torch.equal(again.latents, lineage.latents)
    assert lived(again, model, LATENTS) == lived(lineage, model, LATENTS)


def test_a_checkpoint_of_before_there_were_latents_has_none(lineage):
    assert from_bytes(to_bytes(lineage)).latents is None


@pytest.mark.parametrize("changing", [{"/loop/colour": 0.5}, {"/loop/zoom": 1.02}, {"/loop/noise-floor": 0.02}, HEAT])
def test_what_changes_the_picture_has_it_encoded_as_ever(photograph, model, changing):
    pixels, latents = (
        lived(Lineage.begin("hearth", 42, photograph), model, each | changing) for each in (PIXELS, LATENTS)
    )
    assert pixels == latents


def test_a_wall_keeps_the_latents_of_its_cells(photograph, model):
    wall = Lineage.begin("wall", 42, photograph.tile(1, 1, 2, 2))
    lived(wall, Grid(model, 2), LATENTS)
    assert wall.latents is not None
    assert len(wall.latents) == 4


def test_nothing_burnt_is_still_the_same_latents(lineage, model):
    lived(lineage, model, LATENTS, 1)
    kept = lineage.latents
    lived(lineage, model, LATENTS | {"/burn/gaussian/temperature": 0.0}, 1)
    assert lineage.latents is kept


def test_another_picture_has_no_latents(lineage, model, photograph):
    lived(lineage, model, LATENTS, 1)
    lineage.inject("stranger", photograph.flip(-1))
    assert lineage.latents is None


def test_latents_that_run_away_are_let_go():
    picture = torch.zeros(1, 3, 8, 8)
    tame, wild = (
        Step(0, 1.0, picture, picture, latents=torch.full((1, 4, 1, 1), level)) for level in (1.0, 2 * BEYOND)
    )
    assert kept_latents(tame, picture, "latents") is tame.latents
    assert kept_latents(tame, picture, "pixels") is None
    assert kept_latents(wild, picture, "latents") is None


# ------------------------------------------------------------------ what is said where they cannot be had


def test_what_stands_in_the_way_is_named(lineage, model):
    *_, _ = turn(lineage, model, LATENTS | {"/loop/colour": 0.3, "/loop/shift-x": 0.01}, lambda: 0.0)
    told = encoded_anew(lineage, LATENTS | {"/loop/colour": 0.3, "/loop/shift-x": 0.01})
    assert told is not None
    assert "/loop/shift-x, /loop/colour changes the picture" in told


def test_a_restorer_without_latents_is_said_to_have_none(lineage):
    lived(lineage, Wiener(), LATENTS, 1)
    assert "has none" in (encoded_anew(lineage, LATENTS) or "")


def test_nothing_is_said_where_all_is_as_wished(lineage, model):
    lived(lineage, model, LATENTS, 1)
    assert encoded_anew(lineage, LATENTS) is None
    assert encoded_anew(lineage, PIXELS) is None
