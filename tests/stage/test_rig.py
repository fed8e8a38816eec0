"""The rig: what keys and orders do to projectors, and what a technician reads about them."""

import logging
from typing import Any

import numpy as np
import pytest

from installation.machine.settings import StageSettings
from installation.stage.alignment import NAME
from installation.stage.displays import Display, Seen
from installation.stage.outputs import SQUARE
from installation.stage.placement import Box
from installation.stage.rig import Rig

WINDOW = (640, 180)
BOTH = Seen((Display("A", Box(0, 0, 320, 180)), Display("B", Box(320, 0, 320, 180))))
ONLY_A = Seen(BOTH.displays[:1])
SOURCES: tuple[dict[str, Any], ...] = ({"source": (0, 0, 0.5, 1)}, {"source": (0.5, 0, 1, 1)})


@pytest.fixture
def hang(tmp_path):
    """Two projectors side by side, or as the settings say; hung."""

    def build(seen=BOTH, outputs=None, window=WINDOW):
        if outputs is None:
            outputs = [{"name": name, **said} for name, said in zip(("left", "right"), SOURCES, strict=True)]
        rig = Rig(StageSettings.model_validate({"outputs": outputs}), tmp_path, seen)
        rig.hang(window)
        return rig

    return build


def press(rig, *keys, shift=False):
    return [rig.stroke(key, shift=shift) for key in keys]


def corner(rig, output=0, number=0):
    x, y = rig.outputs[output].corners[number]
    return round(x * rig.outputs[output].place.width, 6), round(y * rig.outputs[output].place.height, 6)


def test_without_outputs_the_window_is_like_any_other_until_somebody_moves_a_corner(hang):
    rig = hang(outputs=[])
    assert rig.covering is None
    assert rig.outputs == ()
    press(rig, "1", "right")
    assert [(output.name, output.place) for output in rig.outputs] == [("window", Box(0, 0, *WINDOW))]


def test_arrows_alone_move_nothing_and_belong_to_somebody_else(hang):
    rig = hang()
    assert press(rig, "right", "u", "s", "escape", "q") == [False] * 5
    assert not rig.aligning
    assert corner(rig) == (0, 0)


def test_every_output_is_told_of_lit_or_dark_and_the_same_ones_while_nothing_moves(hang):
    rig = hang(seen=ONLY_A)
    stood = rig.aligned
    assert [output.name for output in stood] == ["left", "right"]
    assert rig.aligned is stood
    press(rig, "1", "right")
    assert rig.aligned[0].corners != stood[0].corners


def test_a_number_takes_a_corner_and_arrows_move_it_by_a_pixel_and_with_shift_by_ten(hang):
    rig = hang()
    assert press(rig, "1", "right", "down", "down") == [True] * 4
    press(rig, "right", shift=True)
    assert corner(rig) == (11, 2)
    press(rig, "tab", "3", "up")
    assert corner(rig, 1, 2) == (320, 179)


def test_u_takes_back_one_step_at_a_time(hang):
    rig = hang()
    press(rig, "2", "left", "left", "u")
    assert corner(rig, 0, 1) == (319, 0)


def test_escape_leaves_the_alignment_first_and_then_belongs_to_somebody_else(hang):
    rig = hang()
    press(rig, "tab")
    assert rig.aligning
    assert press(rig, "escape", "escape") == [True, False]
    assert not rig.aligning


def test_what_s_has_saved_is_there_in_the_next_life_and_what_it_has_not_is_not(hang, tmp_path):
    rig = hang()
    press(rig, "1", "right", "s", "right")
    assert corner(hang()) == (1, 0)
    assert (tmp_path / NAME).read_text().startswith("# Where the projectors' corners")


def test_a_corner_that_would_fold_the_picture_stays_and_the_log_says_why(hang, caplog):
    rig = hang()
    press(rig, "1")
    press(rig, *["right"] * 40, shift=True)
    assert corner(rig)[0] < 320
    assert "top left corner of output left stays where it is" in caplog.records[-1].message


def test_a_broken_file_and_a_saved_fold_leave_the_corners_as_described(hang, tmp_path, caplog):
    (tmp_path / NAME).write_text("[left]\ncorners = [[1, 0], [0, 0], [0, 1], [1, 1]]\ngrid = []\n")
    assert hang().outputs[0].corners == SQUARE
    (tmp_path / NAME).write_text("left")
    assert hang().outputs[0].corners == SQUARE
    assert "Align again and save" in caplog.records[-1].message


@pytest.mark.parametrize(
    ("order", "lands"),
    [
        ({"do": "put", "output": 2, "corner": 3, "x": 0.5, "y": 0.75}, (160, 135)),
        ({"do": "nudge", "output": 2, "corner": 3, "x": -2.5, "y": 0.5}, (317.5, 180.5)),
    ],
)
def test_orders_move_corners_counted_from_one(hang, order, lands):
    rig = hang()
    rig.obey(order)
    assert corner(rig, 1, 2) == lands
    rig.obey({"do": "undo"})
    assert corner(rig, 1, 2) == (320, 180)
    assert not rig.aligning


def test_orders_reset_and_save(hang):
    rig = hang()
    rig.obey({"do": "nudge", "output": 1, "corner": 1, "x": 3, "y": 3})
    rig.obey({"do": "save"})
    rig.obey({"do": "reset", "output": 1})
    assert rig.outputs[0].straight
    assert corner(hang()) == (3, 3)


def test_an_order_for_an_output_that_is_not_there_is_answered_with_a_sentence(hang, caplog):
    hang().obey({"do": "reset", "output": 5})
    assert "There is no output 5; they are 1 to 2." in caplog.records[-1].message


# ---------------------------------------------------------------------- displays


def test_a_display_that_goes_dark_takes_only_its_own_output_with_it_and_brings_it_back_aligned(hang):
    rig = hang()
    rig.obey({"do": "nudge", "output": 2, "corner": 1, "x": 4, "y": 0})
    before = rig.outputs
    assert not rig.notice(ONLY_A)
    assert rig.outputs == before[:1]
    assert not rig.notice(BOTH)
    assert rig.outputs == before


def test_a_display_that_comes_back_larger_wants_a_larger_window(hang):
    rig = hang()
    wide = Seen((BOTH.displays[0], Display("B", Box(320, 0, 640, 360))))
    assert rig.notice(wide)
    assert rig.covering == (960, 360)


# ---------------------------------------------------------------------- cards


def test_no_pattern_is_no_card_and_every_lit_output_has_its_own(hang):
    rig = hang()
    assert rig.cards("none", 0.0, WINDOW) == ()
    cards = rig.cards("grid", 1.0, WINDOW)
    assert [card.place for card in cards] == [output.place for output in rig.outputs]
    assert not np.array_equal(cards[0].pixels, cards[1].pixels)


def test_a_card_is_drawn_again_only_when_it_changes_except_the_bar_which_moves(hang):
    rig = hang()
    first, again = (rig.cards("grid", now, WINDOW)[0].revision for now in (1.0, 2.0))
    assert first == again
    rig.obey({"do": "nudge", "output": 1, "corner": 1, "x": 4, "y": 4})
    left, right = rig.cards("grid", 3.0, WINDOW)
    assert left.revision > first
    assert right.revision < left.revision
    moving = [rig.cards("bar", now, WINDOW)[0] for now in (4.0, 5.0)]
    assert not np.array_equal(moving[0].pixels, moving[1].pixels)


def test_however_fast_patterns_are_asked_for_there_are_no_more_than_two_in_a_second(hang):
    rig, means = hang(), []
    for turn in range(100):
        cards = rig.cards(("white", "black")[turn % 2], turn / 100, WINDOW)
        means.append(cards[0].pixels.mean() if cards else -1)
    assert np.count_nonzero(np.diff(means)) <= 2


def test_while_aligning_the_grid_is_shown_and_t_goes_round(hang):
    rig = hang()
    press(rig, "tab")
    grid = rig.cards("none", 0.0, WINDOW)
    press(rig, "t")
    overlap = rig.cards("none", 1.0, WINDOW)
    assert not np.array_equal(grid[0].pixels, overlap[0].pixels)
    press(rig, "escape")
    assert rig.cards("none", 2.0, WINDOW) == ()


def test_the_output_in_hand_says_which_corner_and_where(hang):
    rig = hang()
    plain = rig.cards("grid", 0.0, WINDOW)
    press(rig, "2")
    held = rig.cards("grid", 1.0, WINDOW)
    assert not np.array_equal(held[0].pixels, plain[0].pixels)
    assert held[1].revision == plain[1].revision


# ---------------------------------------------------------------------- what is wrong

BAD: dict[str, list[dict[str, Any]]] = {
    "folds over itself": [{"name": "a", "corners": [(1, 0), (0, 0), (1, 1), (0, 1)]}],
    "outside the screen": [{"name": "a", "place": (600, 0, 320, 180)}],
    "does not blend": [
        {"name": "a", "source": (0, 0, 0.6, 1)},
        {"name": "b", "source": (0.4, 0, 1, 1)},
    ],
    "without its mask": [{"name": "a", "mask": "no-such-mask.png"}],
}


@pytest.mark.parametrize("words", BAD)
def test_what_is_wrong_is_said_once_shown_on_the_cards_and_drawn_all_the_same(hang, caplog, words):
    caplog.set_level(logging.WARNING)
    rig = hang(outputs=BAD[words])
    said = [record.message for record in caplog.records]
    assert words in said[0]
    rig.notice(BOTH)
    assert len(caplog.records) == len(said)
    fine = hang(
        outputs=[
            {"name": one["name"], "place": output.place} for one, output in zip(BAD[words], rig.outputs, strict=True)
        ],
        window=(1000, 500),
    )
    for bad, good in zip(rig.cards("grid", 0.0, WINDOW), fine.cards("grid", 0.0, WINDOW), strict=True):
        assert (bad.pixels[90:170, 100:200] != good.pixels[90:170, 100:200]).any()
