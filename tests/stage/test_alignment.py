"""Alignment: what the arrow keys do to a projector, and what is still there tomorrow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.stage.alignment import NAME, Alignment, AlignmentError, Bend, aligned, bend_of, load, save
from installation.stage.outputs import SQUARE, Output, folds
from installation.stage.placement import Box

GRID = (((0.0, 0.01), (0.0, 0.0)), ((0.02, 0.0), (0.0, -0.005)))
LEFT, RIGHT = Output("left", Box(0, 0, 200, 100), grid=GRID), Output("right", Box(200, 0, 200, 100))
BOTH = Alignment((LEFT, RIGHT))

steps = st.lists(
    st.one_of(
        st.tuples(st.just("nudge"), st.floats(-30, 30), st.floats(-30, 30)),
        st.tuples(st.just("choose"), st.integers(0, 3)),
        st.tuples(st.just("next_output")),
        st.tuples(st.just("reset")),
    ),
    max_size=20,
)


def after(state, steps):
    """The states after each step; a step that is refused changes nothing."""
    states = [state]
    for name, *numbers in steps:
        try:
            states.append(getattr(states[-1], name)(*numbers))
        except AlignmentError:
            states.append(states[-1])
    return states


def test_an_arrow_moves_the_corner_in_hand_by_a_pixel_and_nothing_else():
    moved = BOTH.choose(2).nudge(-1, 2)
    assert moved.chosen.corners == (*SQUARE[:2], (1 - 1 / 200, 1 + 2 / 100), SQUARE[3])
    assert moved.outputs[1] == RIGHT
    assert moved.chosen.grid == GRID


def test_a_corner_can_be_put_anywhere_near():
    assert BOTH.turn_to(1).choose(0).put((0.125, 0.25)).outputs[1].corners[0] == (0.125, 0.25)


def test_tab_goes_round():
    assert [BOTH.output, BOTH.next_output().output, BOTH.next_output().next_output().output] == [0, 1, 0]


@given(steps=steps)
def test_whatever_is_done_no_picture_ever_folds(steps):
    assert not any(folds(output) for output in after(BOTH, steps)[-1].outputs)


@given(steps=steps)
def test_everything_can_be_undone_back_to_the_beginning(steps):
    state = after(BOTH, steps)[-1]
    for _ in state.before:
        state = state.undo()
    assert state.outputs == BOTH.outputs
    assert state.undo() == state


@given(steps=steps)
def test_undo_takes_back_the_last_change_and_only_that(steps):
    states = after(BOTH, steps)
    changed = [state for state in states if state.before != states[-1].before]
    if states[-1].before:
        assert states[-1].undo().outputs == changed[-1].outputs


@pytest.mark.parametrize(
    "act", [lambda: BOTH.nudge(300, 0), lambda: BOTH.put((float("nan"), 0)), lambda: BOTH.put((-3, 0))]
)
def test_a_move_that_would_fold_the_picture_is_refused_with_the_corners_name(act):
    with pytest.raises(AlignmentError, match="top left corner of output left stays where it is"):
        act()


def test_corners_and_outputs_that_are_not_there_are_refused():
    with pytest.raises(AlignmentError, match="no corner 5; they are 1 to 4"):
        BOTH.choose(4)
    with pytest.raises(AlignmentError, match="no output 3; they are 1 to 2"):
        BOTH.turn_to(2)
    with pytest.raises(AlignmentError, match="there is only 1"):
        Alignment((LEFT,)).turn_to(-1)


def test_a_straight_output_is_one_press_away():
    assert BOTH.nudge(3, 3).reset().chosen.straight


def test_a_display_that_comes_back_elsewhere_keeps_its_bend_and_what_can_be_undone():
    moved = BOTH.nudge(3, 3)
    elsewhere = moved.placed([Output("left", Box(50, 0, 400, 300)), RIGHT])
    assert elsewhere.chosen.place == Box(50, 0, 400, 300)
    assert elsewhere.chosen.corners == moved.chosen.corners
    assert elsewhere.undo().chosen.corners == SQUARE


# ---------------------------------------------------------------------- the file


@given(steps=steps)
def test_what_was_saved_is_exactly_what_is_there_tomorrow(steps, tmp_path_factory):
    path = tmp_path_factory.mktemp("state") / NAME
    outputs = after(BOTH, steps)[-1].outputs
    save(path, outputs)
    assert aligned((LEFT, RIGHT), load(path)) == outputs


def test_nothing_saved_changes_nothing(tmp_path):
    assert aligned((LEFT, RIGHT), load(tmp_path / NAME)) == (LEFT, RIGHT)


def test_an_output_that_hangs_elsewhere_today_is_not_forgotten(tmp_path):
    save(tmp_path / NAME, [LEFT, RIGHT])
    save(tmp_path / NAME, [BOTH.turn_to(1).nudge(1, 0).chosen])
    assert load(tmp_path / NAME)["left"] == bend_of(LEFT)
    assert load(tmp_path / NAME)["right"].corners[0] == (1 / 200, 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "left",
        "left = 3",
        "[left]\ngrid = []",
        "[left]\ncorners = [[0, 0], [1, 0], [1, 1]]\ngrid = []",
        "[left]\ncorners = [[0, 0], [1, 0], [1, 1], [0, nan]]\ngrid = []",
        "[left]\ncorners = [[0, 0], [1, 0], [1, 1], [0, 'x']]\ngrid = []",
    ],
)
def test_a_broken_file_is_refused_with_a_sentence_and_replaced_by_the_next_save(tmp_path, text):
    (tmp_path / NAME).write_text(text)
    with pytest.raises(AlignmentError, match=r"alignment\.toml holds no alignment that can be used .* Align again"):
        load(tmp_path / NAME)
    save(tmp_path / NAME, [RIGHT])
    assert load(tmp_path / NAME) == {"right": Bend(SQUARE)}
