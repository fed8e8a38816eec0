"""What is measured of a generation: full marks for the real pictures, and collapse shows where it should."""

import numpy as np
import pytest

from installation.collapse.images import MEANING
from installation.restorers import ember
from installation.training import gallery
from installation.training.yardstick import Yardstick, clusters, spread, within
from tests.training.tiny_ember import tiny_ember

GREY = np.full((20, 64, 64, 3), 128, np.uint8)
FULL = ("recall", "weights", "precision", "kinds", "coverage")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return ember.load(tiny_ember(tmp_path_factory.mktemp("model") / "ember"))


@pytest.fixture(scope="module")
def hung():
    return gallery.hang(gallery.shipped()[:60], 64)


@pytest.fixture(scope="module")
def yardstick(hung):
    return Yardstick.of(hung)


def test_the_real_pictures_have_full_marks(yardstick, hung, model):
    read = yardstick.measure(model, hung.taught, hung.taught, 1)
    assert read.keys() == MEANING.keys()
    assert {name: read[name] for name in FULL} == dict.fromkeys(FULL, 1.0)
    assert read["frechet"] == pytest.approx(0.0, abs=1e-6)
    assert (read["variance"], read["within"]) == (pytest.approx(1.0), pytest.approx(1.0))


def test_a_few_pictures_again_and_again_are_precise_and_recall_little(yardstick, hung, model):
    """Prototype collapse: each picture is good, and there are ever fewer."""
    read = yardstick.measure(model, hung.taught[np.arange(54) % 4], hung.taught, 1)
    assert read["precision"] == 1.0
    assert read["recall"] < 0.2
    assert read["kinds"] == pytest.approx(4 / 54)


def test_a_model_may_forget_while_its_diet_still_remembers(yardstick, hung, model):
    read = yardstick.measure(model, hung.taught, hung.taught[np.arange(54) % 4], 1)
    assert read["recall"] == 1.0
    assert read["weights"] < 0.2


def test_grey_has_lost_its_variance_its_tails_and_its_kinds(yardstick, model):
    read = yardstick.measure(model, GREY, GREY, 1)
    assert (read["variance"], read["within"]) == (pytest.approx(0.0, abs=1e-9), pytest.approx(0.0, abs=1e-9))
    assert read["kinds"] == pytest.approx(1 / 54)


def test_variance_within_clusters_is_part_of_all_variance():
    cloud = np.random.default_rng(1).standard_normal((200, 5))
    centres = clusters(cloud, 6)
    assert 0.0 < within(cloud, centres) < spread(cloud)
    assert within(cloud, cloud) == 0.0


def test_clusters_that_lie_apart_are_found():
    rng = np.random.default_rng(1)
    truth = 50.0 * rng.standard_normal((4, 3))
    cloud = np.concatenate([centre + rng.standard_normal((30, 3)) for centre in truth])
    found = clusters(cloud, 4)
    assert all(np.linalg.norm(found - centre, axis=1).min() < 1.0 for centre in truth)


def test_a_model_forgets_the_same_pictures_behind_the_same_noise(yardstick, model, hung):
    first, again = (yardstick.measure(model, hung.taught[:20], hung.taught, 1)["forgetting"] for _ in range(2))
    assert first == again
