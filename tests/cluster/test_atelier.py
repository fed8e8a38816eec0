"""A collapse that three nodes paint is the one that this machine would paint, hash for hash, whoever dies."""

from __future__ import annotations

import numpy as np
import psutil
import pytest

from installation.cluster.atelier import Sitting, Weights, open_atelier, painted
from installation.cluster.parcel import pack
from installation.cluster.spread import News
from installation.collapse import folder
from installation.collapse.images import Settings
from installation.machine.settings import Settings as Machine
from installation.restorers import ember
from installation.training import family, gallery
from installation.training.painting import batches
from installation.training.pupil import AT_ONCE
from installation.training.retraining import Job
from tests.restorers import tiny_pipeline
from tests.support import until
from tests.training.tiny_ember import tiny_ember, wall

SMALL = Settings(count=AT_ONCE + 8, steps=1, practice=2, batch=2, size=64)
BATCHES = ["samples 0", "samples 1", "seeds 0", "seeds 1", "ashes 0"]


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """A model and a wall to begin from, and as many threads here as a worker has."""
    import torch

    place, threads = tmp_path_factory.mktemp("ground"), torch.get_num_threads()
    torch.set_num_threads(1)
    yield tiny_ember(place / "ember"), gallery.hang(gallery.files(wall(place / "wall")), SMALL.size)
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def alone(ground, tmp_path_factory):
    """What this machine makes of it."""
    return run(ground, tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def together(ground, reach, tmp_path_factory):
    """What three nodes make of it, of whom one loses a worker in the middle of the first batch; and what was told."""
    told: list[News] = []

    def hear(news):
        if news.job == "samples 0" and not any(each.job == news.job for each in told):
            until(painters, 60.0)[0].kill()
        told.append(news)

    atelier = open_atelier(reach, ground[0], Machine(), SMALL, hear)
    return run(ground, tmp_path_factory.mktemp("together"), atelier), told


def run(ground, place, *studio):
    model, hung = ground
    list(Job(place / "collapse" / "one", SMALL, hung, model, 3, 1, *studio).moments())
    return folder.read(place / "collapse" / "one").generations


def painters():
    """Workers in the middle of the first batch."""
    return [each for each in psutil.Process().children(recursive=True) if "samples 0" in " ".join(line(each))]


def line(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_all_pictures_are_those_that_one_machine_paints(alone, together):
    for mine, theirs in zip(alone, together[0], strict=True):
        assert theirs.samples.read_bytes() == mine.samples.read_bytes()
        assert theirs.seeds.read_bytes() == mine.seeds.read_bytes()


def test_the_model_that_learns_from_them_is_the_same(alone, together):
    assert [ember.verify(each.path) for each in together[0]] == [ember.verify(each.path) for each in alone]


def test_every_reading_is_the_same(alone, together):
    assert [each.readings for each in together[0]] == [each.readings for each in alone]


def test_a_pipeline_travels_as_its_adapter_alone_and_paints_the_same(reach, tmp_path):
    base = tiny_pipeline.build(tmp_path / "tiny-sd")
    atelier = open_atelier(reach, base, Machine(), SMALL)
    kin = family.of(base, SMALL)
    (tmp_path / "adapter").mkdir()
    kin.export(kin.load(base), tmp_path / "adapter")
    (batch,) = batches(np.zeros((1, 64, 64, 3), np.uint8), SMALL, 3, 1, 1)
    weights = Weights("", pack(tmp_path / "adapter"), atelier.base, SMALL)
    assert (painted(Sitting(weights, batch)) == batch.painted(kin.load(base))).all()


def test_a_worker_that_is_killed_costs_its_batch_and_no_other(together):
    assert [news.job for news in together[1] if news.kind == "again"] == ["samples 0"]


def test_every_batch_counts_once(together):
    done = [news.job for news in together[1] if news.kind == "done"]
    assert sorted(done) == sorted(2 * BATCHES)
