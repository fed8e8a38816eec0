"""Walls of cells: cut and joined without loss, each restored as if it were alone."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns import MEDIA
from installation.burns.growth import burn
from installation.machine.settings import EngineSettings
from installation.randomness import generator
from installation.restorers import Restoring
from installation.restorers.grid import Grid, cells, in_cells, joined
from installation.restorers.shelf import Shelf
from tests.support import Wiener


def wall(side=3, cell=4, batch=2):
    return torch.from_numpy(generator(0, 0).uniform(-1.0, 1.0, (batch, 3, side * cell, side * cell))).float()


@given(side=st.integers(1, 5), cell=st.integers(1, 6), batch=st.integers(1, 3))
def test_a_wall_that_is_cut_and_joined_is_the_same_wall(side, cell, batch):
    image = wall(side, cell, batch)
    assert cells(image, side).shape == (batch * side**2, 3, cell, cell)
    assert torch.equal(joined(cells(image, side), side), image)


def test_cells_are_counted_row_by_row():
    assert torch.equal(cells(wall(), 3)[5], wall()[0, :, 4:8, 8:12])


def test_a_wall_without_equal_cells_is_refused():
    with pytest.raises(ValueError, match="no 5 x 5 equal cells"):
        cells(wall(), 5)


def test_each_cell_is_restored_as_if_it_were_alone():
    fire = burn(MEDIA["gaussian"](temperature=0.4), wall(batch=1), lambda: generator(1, 1))  # type: ignore[call-arg]
    *_, together = Grid(Wiener(), 3).restore(fire, Restoring(), generator(2, 1))
    *_, apart = Wiener().restore(in_cells(fire, 3), Restoring(), generator(2, 1))
    assert torch.equal(cells(together.denoised, 3), apart.denoised)


@pytest.mark.parametrize("name", ["heat", "jpeg"])
def test_what_a_burn_knows_of_the_wall_its_cells_know(name):
    fire = burn(MEDIA[name](temperature=0.4), wall(cell=8, batch=1), lambda: generator(1, 1))  # type: ignore[call-arg]
    small = in_cells(fire, 3)
    guess = wall(cell=8, batch=1).flip(-1)
    assert fire.evidence is not None
    assert small.evidence is not None
    assert torch.equal(joined(small.evidence(cells(guess, 3)), 3), fire.evidence(guess))
    assert fire.again is not None
    assert small.again is not None
    assert torch.equal(joined(small.again(cells(guess, 3), 0.2).image, 3), fire.again(guess, 0.2).image)


def test_the_shelf_gives_the_same_model_for_one_and_for_many():
    shelf = Shelf(EngineSettings(), "cpu")
    assert shelf.take("archive", None, 4).digest == shelf.take("archive", None).digest
