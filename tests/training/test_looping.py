"""The loop as the card sees it: what is remembered, and the three ways to go wrong."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from installation.records import Step
from installation.training.looping import Round, go_round, judge, mean_colour
from tests.support import Wiener


@dataclasses.dataclass
class Always:
    """A restorer that sees the same picture in everything."""

    picture: torch.Tensor
    name: str = "always"
    digest: str = "0" * 64

    def restore(self, burnt, knobs, rng) -> Iterator[Step]:  # noqa: ARG002 - a restorer's own
        yield Step(0, burnt.sigma, self.picture, self.picture)


def still(level=90, count=30):
    """A round in which nothing ever happens."""
    rows = np.indices((16, 16))[0] % 2 * 60
    picture = np.repeat((level + rows).astype(np.uint8)[..., None], 3, axis=2)
    return Round((picture,) * (count + 1), (1.0,) * (count + 1), (0.0,) * count, ())


def test_a_round_has_its_origin_and_every_generation(photograph):
    made = go_round(Wiener(), photograph, 0.4, 5, 2)
    assert (len(made.pictures), len(made.memory), len(made.change)) == (6, 6, 5)
    assert made.refused == ()


def test_memory_begins_at_one_and_fades(photograph):
    made = go_round(Wiener(), photograph, 0.7, 8, 2)
    assert made.memory[0] == pytest.approx(1.0)
    assert made.memory[-1] < 0.8


def test_a_restorer_that_is_refused_every_time_comes_to_an_end(photograph):
    made = go_round(Always(torch.zeros_like(photograph)), photograph, 0.5, 4, 2)
    assert len(made.refused) == 4
    assert judge(made)["refused"] == list(made.refused)


def test_what_nothing_happens_to_freezes():
    told = judge(still())
    assert (told["freezes"], told["flattens"], told["runs_away"]) == (True, False, False)


def test_a_picture_that_turns_grey_flattens():
    first = still()
    grey = np.full((16, 16, 3), 120, np.uint8)
    told = judge(dataclasses.replace(first, pictures=(first.pictures[0], *[grey] * 30), change=(0.1,) * 30))
    assert (told["freezes"], told["flattens"]) == (False, True)


def test_a_picture_that_keeps_its_contrast_and_loses_all_detail_flattens():
    """The loop holds contrast by itself: a soft cloud of the same contrast is one flat field to the eye."""
    fine = np.indices((64, 64)).sum(axis=0) % 2 * 100 + 60
    soft = np.indices((64, 64))[0] * 100 // 63 + 60
    origin, end = (np.repeat(field.astype(np.uint8)[..., None], 3, axis=2) for field in (fine, soft))
    told = judge(Round((origin, *[end] * 30), (1.0,) * 31, (0.1,) * 30, ()))
    assert told["contrast"] > 0.5
    assert told["detail"] < 0.1
    assert told["flattens"]


def test_a_picture_that_turns_green_runs_away_in_colour():
    first = still()
    green = first.pictures[0].copy()
    green[..., 1] = 250
    told = judge(dataclasses.replace(first, pictures=(*first.pictures[:-1], green)))
    assert told["runs_away"]
    assert told["drift"] > 25.0


def test_the_mean_colour_of_white_is_that_of_cie_lab():
    np.testing.assert_allclose(mean_colour(np.full((8, 8, 3), 255, np.uint8)), [100.0, 0.0, 0.0], atol=0.05)


def test_a_restorer_that_sees_one_picture_in_everything_freezes_in_it(photograph):
    made = go_round(Always(photograph), photograph, 0.5, 25, 1)
    assert judge(made)["memory"][-1] > 0.9
    assert judge(made)["change"] < 0.03  # the noise floor alone
