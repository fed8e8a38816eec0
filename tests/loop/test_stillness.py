"""What stands still is spared, by the generation's own dice; what moves, or drifts slowly, is not."""

from dataclasses import dataclass, field
from itertools import islice, pairwise

import pytest
import torch

from installation.loop.generation import turns
from installation.loop.lineage import Lineage, from_bytes, to_bytes
from installation.loop.stillness import MOST, chance, is_spared, likeness, thumb
from installation.readings import Look, Window
from installation.readings.stillness import spared as share_spared
from installation.records import Generation
from installation.restorers import Restoring
from tests.support import Wiener

KNOBS = {
    "/burn/gaussian/temperature": 0.1, "/restore/steps": 1.0, "/loop/stages": 0.0, "/loop/colour": 0.0,
    "/loop/noise-floor": 0.0, "/loop/measure-every": 1000.0, "/loop/keeper/on": 0.0,
}  # fmt: skip
STILL = KNOBS | {"/loop/stillness": 0.9}


@dataclass
class Counting(Wiener):
    """A restorer that knows how often it was asked."""

    asked: list[float] = field(default_factory=list)

    def restore(self, burnt, knobs: Restoring, rng):
        self.asked.append(burnt.sigma)
        return super().restore(burnt, knobs, rng)


@pytest.fixture
def lineage(photograph):
    return Lineage.begin("hearth", 42, photograph)


def lived(lineage, values, generations=30, restorer=None):
    moments = turns(lineage, restorer or Wiener(), lambda _: values, lambda: 0.0)
    finished = (moment.generation for moment in moments if moment.generation)
    return list(islice(finished, generations))


def test_by_default_every_picture_is_restored(lineage):
    restorer = Counting()
    assert not any(generation.spared for generation in lived(lineage, KNOBS, 10, restorer))
    assert len(restorer.asked) == 10


def test_of_still_pictures_most_are_spared_and_the_present_one_holds(lineage):
    restorer = Counting()
    generations = lived(lineage, STILL, 30, restorer)
    spared = [generation.spared for generation in generations]
    assert len(restorer.asked) == 30 - sum(spared)
    assert 15 < sum(spared) < 30
    for before, after in pairwise(generations):
        assert (after.digest == before.digest) == after.spared


def test_the_dice_are_the_lineages_own(photograph):
    one, other = (lived(Lineage.begin("hearth", 42, photograph), STILL) for _ in range(2))
    assert [each.digest for each in one] == [each.digest for each in other]


def test_it_goes_on_from_a_checkpoint_hash_for_hash(lineage):
    lived(lineage, STILL, 7)
    again = from_bytes(to_bytes(lineage))
    assert again.restored is not None
    assert [each.digest for each in lived(again, STILL, 10)] == [each.digest for each in lived(lineage, STILL, 10)]


def test_a_picture_that_has_changed_is_restored(lineage, photograph):
    for serial in range(20):
        lineage.serial = serial
        lineage.present = photograph if serial % 2 else -photograph
        assert not is_spared(lineage, 0.9)


def test_what_drifts_slowly_is_noticed_in_the_end(lineage, photograph):
    lineage.restored = thumb(photograph)
    other, at = photograph.flip(-1), []
    for serial in range(200):
        lineage.serial = serial
        lineage.present = photograph.lerp(other, serial / 200)
        if not is_spared(lineage, 0.9):
            at.append(likeness(thumb(lineage.present), thumb(photograph)))
    assert at
    assert min(at) < 0.99


def test_switched_off_it_forgets_what_was_restored(lineage):
    lived(lineage, STILL, 2)
    lived(lineage, KNOBS, 1)
    assert lineage.restored is None


@pytest.mark.parametrize(("alike", "likely"), [(1.0, MOST), (0.9, 0.0), (0.5, 0.0), (0.95, MOST / 2), (-1.0, 0.0)])
def test_the_chance_grows_straight_from_the_threshold(alike, likely):
    assert chance(alike, 0.9) == pytest.approx(likely)


def test_likeness_is_that_of_layout_and_not_of_contrast(photograph):
    assert likeness(thumb(photograph), thumb(0.5 * photograph)) == pytest.approx(1.0)
    assert likeness(thumb(photograph), thumb(-photograph)) == pytest.approx(-1.0)
    assert thumb(photograph).shape == (1, 3, 16, 16)


def test_how_many_were_spared_is_a_reading():
    window = Window()
    pixels = torch.zeros(32, 32, 3, dtype=torch.uint8).numpy()
    for serial in range(1, 5):
        one = Generation(serial, serial - 1, 1, "hearth", "gaussian", 0.1, {}, {}, "", 0.1, spared=serial > 1)
        window.see(Look(pixels), one)
    assert share_spared(window) == 0.75
