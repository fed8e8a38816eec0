"""The writer: orders in, overlays out; it never waits for what it reads or draws."""

import logging

import numpy as np
import pytest

from installation.machine.board import Board
from installation.machine.wires import Wires
from installation.readings import declared
from installation.readings.instruments import on_board
from installation.readings.register import NOT_YET, Value
from installation.records import Order
from installation.stage.overlays.writer import ORDERS, THUMB, Writer, thumbs
from tests.conftest import ORIGIN
from tests.stage.overlays.drawing import CANVAS, sign
from tests.support import until

PICTURE = np.full((64, 64, 3), 0.5, np.float32)


class Writing:
    """A writer that is asked a frame at a time."""

    def __init__(self, folder):
        wires = Wires(folder)
        latest = dict.fromkeys(declared(), NOT_YET) | {"/reading/entropy": Value(7.5)}
        Board.create(wires.vitals("conductor"), on_board(latest)).close()
        Board.create(wires.vitals("engine"), {"serial": 12.0}).close()
        self.writer, self.now = Writer(wires), 0.0

    def order(self, name, **data):
        self.writer.obey(Order(name, data))

    def frame(self, level=1.0):
        self.now += 0.1
        return self.writer.overlays(self.now, {}, PICTURE, CANVAS, level)


@pytest.fixture
def writing(tmp_path):
    writing = Writing(tmp_path)
    yield writing
    writing.writer.close()


def test_an_empty_wall_has_nothing_over_it(writing):
    assert list(writing.frame()) == []


def test_a_scenes_signs_are_drawn_and_fade_in(writing):
    writing.order("overlays", signs=(sign(kind="counter", text="{reading:entropy:.1f}"),))
    assert until(lambda: [o for o in writing.frame() if o.opacity == 1.0])


def test_a_caption_is_said_until_the_next_scene(writing):
    writing.order("caption", text="said live")
    until(writing.frame)
    writing.order("overlays", signs=(sign(kind="text", text="next"),))
    assert writing.writer._figures.caption == ""
    writing.order("overlays", signs=())
    until(lambda: not writing.frame())


def test_columns_and_sources_come_by_order(writing):
    writing.order("overlays", signs=(sign(kind="columns"), sign(kind="sources")))
    assert list(writing.frame()) == []
    writing.order("columns", columns=[["Gen 0", "all"], ["Gen 9", "the the"]])
    writing.order("sources", pictures=[[str(ORIGIN), "an astronaut"]])
    until(lambda: len(writing.frame()) == 2)


def test_a_ladder_is_drawn_from_the_picture_that_is_seen(writing):
    writing.order("overlays", signs=(sign(kind="ladder"),))
    assert until(writing.frame)


def test_the_knob_at_0_leaves_nothing(writing):
    writing.order("overlays", signs=(sign(kind="text", text="here"),))
    until(writing.frame)
    until(lambda: not writing.frame(level=0.0))


def test_a_source_that_cannot_be_read_is_left_out_with_a_sentence(tmp_path, caplog):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with caplog.at_level(logging.WARNING):
        (found,) = thumbs([(tmp_path / "broken.png", "broken"), (ORIGIN, "astronaut"), (tmp_path / "none.png", "none")])
    assert (found.name, found.pixels.shape) == ("astronaut", (THUMB, THUMB, 3))
    assert caplog.text.count("A source is not shown") == 2


def test_every_order_it_names_is_obeyed(writing):
    data = {"signs": (), "text": "", "columns": [], "pictures": []}
    for name in ORDERS:
        writing.writer.obey(Order(name, data))
