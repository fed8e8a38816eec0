"""A batch comes out the same wherever and whenever it is painted."""

from dataclasses import replace

import numpy as np
import pytest

from installation.collapse.images import Settings
from installation.restorers import ember
from installation.training.painting import HERE, batches
from installation.training.pupil import AT_ONCE
from tests.training.tiny_ember import tiny_ember

SMALL = Settings(count=8, steps=1, size=64)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return ember.load(tiny_ember(tmp_path_factory.mktemp("model") / "ember"))


@pytest.fixture(scope="module")
def parents():
    return np.random.default_rng(1).integers(0, 256, (AT_ONCE + 3, 64, 64, 3), dtype=np.uint8)


def test_batches_are_all_parents_in_order(parents):
    made = batches(parents, SMALL, 7, 1, 1000)
    np.testing.assert_array_equal(np.concatenate([batch.parents for batch in made]), parents)


def test_no_batch_is_larger_than_can_be_painted_at_once(parents):
    assert [len(batch.parents) for batch in batches(parents, SMALL, 7, 1, 1000)] == [AT_ONCE, 3]


def test_of_larger_pictures_fewer_are_painted_at_once():
    large = np.zeros((20, 512, 512, 3), np.uint8)
    assert [len(batch.parents) for batch in batches(large, replace(SMALL, size=512), 7, 1, 1000)] == [AT_ONCE // 4, 4]


def test_no_two_batches_share_their_random_numbers(parents):
    keys = [(batch.seed, batch.serial, batch.stream) for batch in batches(parents, SMALL, 7, 1, 1000)]
    assert keys == [(7, 1, 1000), (7, 1, 1001)]


def test_pictures_come_in_their_parents_number_and_size(model, parents):
    (batch,) = batches(parents[:5], SMALL, 7, 1, 1000)
    assert batch.painted(model).shape == (5, 64, 64, 3)


def test_the_order_of_painting_makes_no_difference(model, parents, tmp_path):
    wanted = {str(place): batch for place in range(3) for batch in batches(parents[:2], SMALL, 7, 1, place)}
    forward = dict(HERE.paint(model, tmp_path, wanted))
    backward = dict(HERE.paint(model, tmp_path, dict(reversed(wanted.items()))))
    assert all((forward[name] == backward[name]).all() for name in wanted)
