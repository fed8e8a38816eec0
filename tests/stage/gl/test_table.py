import numpy as np

from installation.stage.outputs import Output, whole
from installation.stage.patterns import Card
from installation.stage.placement import Box

GREY = np.full((32, 32, 3), 0.2, np.float32)
LEFT, RIGHT = Box(0, 0, 33, 48), Box(33, 10, 31, 20)


def noise(place, revision):
    rng = np.random.default_rng(revision)
    return Card(place, rng.integers(0, 256, (place.height, place.width, 3), np.uint8), revision)


def test_every_pixel_of_a_card_is_a_pixel_of_its_output(project):
    cards = noise(LEFT, 1), noise(RIGHT, 2)
    seen = project((64, 48)).show(GREY, [Output("left", LEFT), Output("right", RIGHT)], cards=cards)
    np.testing.assert_array_equal(seen[:, :33], cards[0].pixels)
    np.testing.assert_array_equal(seen[10:30, 33:], cards[1].pixels)
    assert seen[31:, 34:].max() == 0


def test_a_card_of_another_revision_takes_the_place_of_the_first(project):
    window, output = project((64, 48)), [Output("left", LEFT)]
    window.show(GREY, output, cards=[noise(LEFT, 1)])
    again = noise(LEFT, 2)
    np.testing.assert_array_equal(window.show(GREY, output, cards=[again])[:, :33], again.pixels)


def test_without_cards_the_picture_is_seen_again_and_nothing_of_them_is_kept(project):
    window = project((64, 48))
    plain, before = window.show(GREY, [whole(64, 48)]), len(window.painter)
    window.show(GREY, [whole(64, 48)], cards=[noise(Box(0, 0, 64, 48), 1)])
    assert len(window.painter) == before + 1
    np.testing.assert_array_equal(window.show(GREY, [whole(64, 48)]), plain)
    assert len(window.painter) == before
