"""Aligning from afar: what is said about corners reaches the stage as an order."""

import pytest

from installation.control.aligning import Aligning
from installation.records import Message, Order
from tests.control.rehearsal import Rehearsal, scene


class Show(Rehearsal):
    """A house with a stage that takes orders."""

    def __init__(self):
        self.told = []
        super().__init__(Aligning(), scenes=[scene()])

    def tell(self, process, order):
        self.told.append((process, order))


@pytest.fixture
def show():
    return Show()


@pytest.mark.parametrize(
    ("address", "arguments", "order"),
    [
        ("/output/1/corner/2", (0.98, 0.01), {"do": "put", "output": 1, "corner": 2, "x": 0.98, "y": 0.01}),
        ("/output/12/nudge/4", (-1, 2.5), {"do": "nudge", "output": 12, "corner": 4, "x": -1, "y": 2.5}),
        ("/output/2/reset", (), {"do": "reset", "output": 2}),
        ("/output/undo", (1,), {"do": "undo"}),
        ("/output/save", (), {"do": "save"}),
    ],
)
def test_each_address_is_an_order_for_the_stage(show, address, arguments, order):
    assert show.send(0.0, address, *arguments) == ""
    assert show.told == [("stage", Order("align", order))]


@pytest.mark.parametrize("address", ["/output/2/reset", "/output/undo", "/output/save"])
def test_a_button_that_is_let_go_does_nothing(show, address):
    assert show.send(0.0, address, 0) == ""
    assert show.told == []


@pytest.mark.parametrize("address", ["/output/left/corner/1", "/output/1/corner/top", "/output/-1/nudge/1"])
def test_outputs_and_corners_are_numbers(show, address):
    assert "numbers from 1" in show.send(0.0, address, 0.5, 0.5)
    assert show.told == []


@pytest.mark.parametrize("arguments", [(), (0.5,), (0.5, "x"), (0.5, float("nan")), (1, 2, 3)])
def test_a_corner_takes_two_numbers(show, arguments):
    assert "takes two numbers" in show.send(0.0, "/output/1/corner/1", *arguments)
    assert show.told == []


def test_what_is_not_about_outputs_is_left_to_others(show):
    assert not show.guests[0].hear(Message("/go"), 0.0)
