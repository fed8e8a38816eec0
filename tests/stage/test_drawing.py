"""Where the projectors' corners stand is read on a board, from any process, whoever moved them."""

import pytest

from installation.stage.alignment import Alignment
from installation.stage.drawing import Drawing, drawn
from installation.stage.outputs import SQUARE, Output
from installation.stage.placement import Box

PAIR = (Output("left", Box(0, 0, 100, 50)), Output("right", Box(100, 0, 100, 50)))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "corners"


@pytest.fixture
def drawing(path):
    drawing = Drawing(path)
    yield drawing
    drawing.close()


def read(path):
    return [tuple(corners) for corners in drawn(path)]


def test_before_the_stage_has_shown_anything_nothing_stands_anywhere(path):
    assert drawn(path) == []


def test_every_corner_of_every_output_stands_where_it_was_moved_and_back_where_that_is_undone(drawing, path):
    state = Alignment(PAIR)
    drawing.show(state.outputs)
    assert read(path) == [SQUARE, SQUARE]
    state = state.turn_to(1).choose(2).nudge(-10.0, 5.0)
    drawing.show(state.outputs)
    assert read(path) == [SQUARE, ((0.0, 0.0), (1.0, 0.0), (0.9, 1.1), (0.0, 1.0))]
    drawing.show(state.undo().outputs)
    assert read(path) == [SQUARE, SQUARE]


def test_the_next_life_of_the_stage_draws_over_the_last_ones(drawing, path):
    drawing.show(PAIR)
    again = Drawing(path)
    again.show(Alignment(PAIR).choose(0).nudge(20.0, 0.0).outputs)
    assert read(path)[0][0] == (0.2, 0.0)
    again.close()


def test_what_stands_still_is_not_drawn_again(drawing, path):
    drawing.show(PAIR)
    path.unlink()
    drawing.show(PAIR)
    assert not path.exists()
