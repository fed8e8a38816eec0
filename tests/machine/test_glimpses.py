"""Glimpses are named by what they show, kept for a while, and copied into a take."""

import numpy as np
import pytest

from installation import images
from installation.machine.glimpses import KEPT, Glimpses, is_glimpse


@pytest.fixture
def glimpses(tmp_path):
    return Glimpses(tmp_path / "glimpses")


def picture(number):
    return np.full((8, 8, 3), number, np.uint8)


def test_the_same_picture_has_the_same_name_and_another_has_another(glimpses):
    assert glimpses.keep(picture(1)) == glimpses.keep(picture(1)) != glimpses.keep(picture(2))


def test_a_name_tells_that_it_came_from_outside(glimpses):
    assert is_glimpse(glimpses.keep(picture(1)))
    assert not is_glimpse("origins/cat.png")


def test_a_copy_is_the_picture_bit_for_bit(glimpses, tmp_path):
    name = glimpses.keep(picture(7))
    assert glimpses.copy(name, tmp_path)
    np.testing.assert_array_equal(images.load(tmp_path / name, 8, 8), picture(7))


def test_the_oldest_go(glimpses, tmp_path):
    names = [glimpses.keep(picture(number)) for number in range(KEPT + 3)]
    assert len(list((tmp_path / "glimpses").iterdir())) == KEPT
    assert not glimpses.copy(names[0], tmp_path)
    assert glimpses.copy(names[-1], tmp_path)


def test_what_lies_in_the_take_already_needs_no_copy(glimpses, tmp_path):
    name = glimpses.keep(picture(1))
    glimpses.copy(name, tmp_path)
    (tmp_path / "glimpses" / name).unlink()
    assert glimpses.copy(name, tmp_path)
