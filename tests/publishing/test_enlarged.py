"""A lineage at another size: sharp where the picture it began with is here, interpolated where it is not."""

import pytest
import torch

from installation import images
from installation.loop.lineage import Lineage
from installation.machine.files import share
from installation.publishing.enlarged import enlarged
from installation.recording.takes import TakeError

NAME = "astronaut.png"


def picture(side):
    return images.to_tensor(images.load(share("assets") / "origins" / NAME, side, side))


@pytest.fixture
def lineage():
    return Lineage.begin("astronaut", 7, picture(64))


def test_an_origin_that_came_with_the_program_is_read_again(lineage):
    larger = enlarged(lineage, 128, 1, NAME)
    assert larger.origin.equal(picture(128))
    assert larger.present.equal(larger.origin)


@pytest.mark.parametrize("name", ["cat.webp", "camera", "", "../origins"])
def test_an_origin_of_which_only_the_take_knows_is_interpolated(lineage, name):
    larger = enlarged(lineage, 128, 1, name)
    assert larger.origin.shape == (1, 3, 128, 128)
    assert not larger.origin.equal(picture(128))
    assert float((larger.origin - picture(128)).abs().mean()) < 0.1


def test_a_lineage_on_its_way_keeps_what_it_shows_its_colours_and_its_numbers(lineage):
    lineage.serial = 5
    lineage.accept(-lineage.origin)
    larger = enlarged(lineage, 128, 1, NAME)
    assert (larger.serial, larger.parent, larger.reference) == (5, 5, lineage.reference)
    assert float((larger.present + larger.origin).abs().mean()) < 0.1


def test_what_it_has_seen_keeps_its_count_and_its_spread_stays_one(lineage):
    seen = lineage.remember().after(torch.zeros(3, 64, 64))
    lineage.seen = seen
    larger = enlarged(lineage, 128, 1, NAME).seen
    assert larger
    assert larger.count == seen.count
    assert larger.mean.shape == (3, 128, 128)
    assert bool((larger.squares >= 0.0).all())


def test_the_cells_of_a_wall_do_not_run_into_each_other():
    black_and_white = torch.cat([torch.full((1, 3, 64, 32), -1.0), torch.ones(1, 3, 64, 32)], dim=3)
    larger = enlarged(Lineage.begin("wall", 1, black_and_white), 128, 2, "")
    assert torch.allclose(larger.origin[..., :64], torch.tensor(-1.0))
    assert torch.allclose(larger.origin[..., 64:], torch.tensor(1.0))


def test_a_wall_whose_cells_would_not_fit_is_refused(lineage):
    with pytest.raises(TakeError, match="3 x 3 pictures cannot be 128 pixels"):
        enlarged(lineage, 128, 3, NAME)
