"""Ember beside its peers: ``make bench``. In ``make test`` each runs once, and nothing is timed.

A generation is burnt, restored, fed back and measured at 256 x 256, decoding included. The peer of a single step is
diffusers' own call of the very same network in float32.
"""

import copy
import itertools
import time

import pytest
import torch

from installation import images
from installation.burns.gaussian import Gaussian
from installation.loop.generation import turn
from installation.loop.lineage import Lineage
from installation.machine.files import share
from installation.randomness import generator
from installation.restorers import Restoring, wavelet
from installation.restorers.archive import load as load_archive
from installation.restorers.ember import load, loudness

pytestmark = pytest.mark.bench
SIDE = 256


@pytest.fixture(scope="module")
def ember():
    return load(share("assets") / "ember")


@pytest.fixture(scope="module")
def origin():
    return images.to_tensor(images.load(share("assets") / "origins" / "cat.png", SIDE, SIDE))


def going_round(restorer, origin, steps):
    """One generation of the loop per call."""
    lineage = Lineage.begin("bench", 1, origin)
    values = {"/burn/gaussian/temperature": 0.5, "/restore/steps": float(steps), "/loop/stages": 0.0}

    def once():
        lineage.next()
        *_, last = turn(lineage, restorer, values, time.perf_counter)
        return last

    return once


@pytest.mark.benchmark(group="one step of ember, 256 x 256")
def test_ember_denoises(benchmark, ember, origin):
    assert benchmark(lambda: ember.denoise(origin, 1.0)).shape == origin.shape


@pytest.mark.benchmark(group="one step of ember, 256 x 256")
def test_peer_diffusers_calls_the_same_network_in_float32(benchmark, ember, origin):
    plain = copy.deepcopy(ember.network).float()
    bands, level = wavelet.analyse(origin), loudness(torch.ones(1))
    told = None if plain.class_embedding is None else ember.conditions.caption(())

    def call():
        with torch.no_grad():
            return plain(bands, level, class_labels=told).sample

    assert benchmark(call).shape == bands.shape


@pytest.mark.benchmark(group="one step of ember, 256 x 256")
def test_peer_the_archive_denoises(benchmark, origin):
    archive = load_archive(share("assets") / "archive")
    assert benchmark(lambda: archive.denoise(origin, 1.0)).shape == origin.shape


@pytest.mark.benchmark(group="a picture in and out of wavelets, 256 x 256")
def test_wavelets_there_and_back(benchmark, origin):
    assert benchmark(lambda: wavelet.synthesise(wavelet.analyse(origin))).shape == origin.shape


@pytest.mark.benchmark(group="a burnt picture restored, 256 x 256")
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_ember_restores(benchmark, ember, origin, steps):
    serials = itertools.count()

    def once():
        rng = generator(1, next(serials))
        *_, last = ember.restore(Gaussian(0.5)(origin, rng), Restoring(steps=steps), rng)
        return last.denoised

    assert benchmark(once).shape == origin.shape


@pytest.mark.benchmark(group="a generation of the loop, 256 x 256")
@pytest.mark.parametrize("steps", [1, 2])
def test_a_generation_with_ember(benchmark, ember, origin, steps):
    assert benchmark(going_round(ember, origin, steps)).generation


@pytest.mark.benchmark(group="a generation of the loop, 256 x 256")
def test_a_generation_with_the_archive(benchmark, origin):
    assert benchmark(going_round(load_archive(share("assets") / "archive"), origin, 2)).generation
