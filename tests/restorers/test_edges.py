"""The edges of a picture, as OpenCV draws them and ControlNets are shown them."""

import cv2
import numpy as np
import torch

from installation.images import to_tensor
from installation.restorers.edges import STRONG, WEAK, edges, lines


def card():
    """A white card on black."""
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[16:48, 24:72] = 255
    return pixels


def test_edges_are_opencvs_in_every_colour():
    drawn = lines(card())
    np.testing.assert_array_equal(drawn[..., 0], cv2.Canny(card(), WEAK, STRONG))
    assert (drawn == drawn[..., :1]).all()


def test_edges_are_1_along_the_card_and_0_elsewhere():
    drawn = edges(to_tensor(card()))
    assert drawn.shape == (1, 3, 64, 96)
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert drawn[0, 0, 20:44, 30:66].sum() == 0.0
    assert drawn[0, 0, 32, 20:28].sum() >= 1.0


def test_a_flat_field_has_none():
    assert not edges(torch.zeros(2, 3, 16, 16)).any()


def test_every_picture_of_a_batch_has_its_own():
    both = torch.cat([to_tensor(card()), to_tensor(card()[::-1, ::-1].copy() // 2)])
    assert torch.equal(edges(both), torch.cat([edges(one) for one in both.split(1)]))
