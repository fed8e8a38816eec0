"""The sheet shows the first burning whole and the forgetting in equal steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.publishing.selection import burning, forgetting, hottest, matched, thinned, without_stragglers
from installation.recording.takes import Mark
from installation.records import Showing
from tests.recording.rehearsal import frames, generation


def marks(count):
    return [Mark(f.serial, 0, 0, 0, f.generation, f.phase, f.temperature, f.stamp_ns) for f in frames(count)]


BURN: Showing = "burn"
RESTORE: Showing = "restore"
DONE: Showing = "generation"


def turn(serial, burns, restores, generation_number):
    phases = [*[BURN] * burns, *[RESTORE] * restores, DONE]
    return [Mark(serial + n, 0, 0, 0, generation_number, phase, 0.1 * n, 0) for n, phase in enumerate(phases)]


ORIGIN = Mark(1, 0, 0, 0, 0, "generation", 0.0, 0)


def test_the_first_row_is_the_origin_its_burning_its_restoring_and_what_came_of_it():
    cells = burning([ORIGIN, *turn(2, 4, 2, 1), *turn(9, 4, 2, 2)], 8)
    assert [cell.frame for cell in cells] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [cell.left for cell in cells] == ["origin", *["burnt"] * 4, *["restoring"] * 2, "generation 1"]


def test_a_long_turn_is_thinned_and_keeps_its_result():
    cells = burning([ORIGIN, *turn(2, 16, 20, 1)], 8)
    assert len(cells) == 8
    assert (cells[0].left, cells[1].frame, cells[-1].left) == ("origin", 2, "generation 1")


def test_after_a_short_turn_the_next_follows():
    cells = burning([ORIGIN, *turn(2, 0, 1, 1), *turn(4, 0, 1, 2), *turn(6, 0, 1, 3), *turn(8, 0, 1, 4)], 8)
    assert [cell.frame for cell in cells] == list(range(1, 9))


def test_a_take_begun_in_mid_turn_starts_from_its_first_finished_generation():
    cells = burning(turn(50, 2, 1, 9) + turn(54, 4, 2, 10), 8)
    assert cells[0].left == "generation 9"
    assert cells[-1].left == "generation 10"


@pytest.mark.parametrize(
    ("finished", "every", "shown"), [(1, 1, 1), (40, 1, 40), (41, 2, 20), (200, 5, 40), (201, 6, 33)]
)
def test_generations_stand_in_equal_steps_that_fill_the_sheet(finished, every, shown):
    step, cells = forgetting(marks(1 + 4 * finished), [], 40)
    assert (step, len(cells)) == (every, shown)
    assert [cell.left for cell in cells] == [f"generation {every * (n + 1)}" for n in range(shown)]


def test_under_a_generation_stands_its_memory():
    _, cells = forgetting(marks(9), map(generation, (1, 2)), 40)
    assert [cell.below for cell in cells] == ["memory 0.99", "memory 0.98"]


def test_a_generation_that_the_log_lost_says_nothing_of_its_memory():
    _, cells = forgetting(marks(9), [generation(2)], 40)
    assert [cell.below for cell in cells] == ["", "memory 0.98"]


def test_serials_that_come_again_after_a_change_of_scene_are_told_apart():
    finished = [Mark(n, 0, 0, 0, number, "generation", 0.0, 0) for n, number in enumerate((1, 2, 1, 2))]
    logged = [generation(1), generation(2), generation(1), generation(2)]
    found = matched(finished, logged)
    assert [found[n] is logged[n] for n in range(4)] == [True] * 4


@given(count=st.integers(0, 60), most=st.integers(2, 12))
def test_thinning_keeps_the_ends_and_the_order(count, most):
    everything = marks(count)
    kept = thinned(everything, most)
    assert len(kept) == min(count, most)
    assert kept[:1] + kept[-1:] == everything[:1] + everything[-1:]
    assert [mark.frame for mark in kept] == sorted({mark.frame for mark in kept})


def test_the_hottest_turn_begins_with_the_picture_it_burnt():
    cells = hottest([ORIGIN, *turn(2, 2, 1, 1), *turn(6, 6, 1, 2), *turn(14, 2, 1, 3)], 8)
    assert len(cells) == 8
    assert (cells[0].frame, cells[1].frame, cells[-1].frame) == (5, 6, 13)
    assert cells[0].left == "generation 1"
    assert cells[-1].left == "generation 2"


def test_the_first_turn_is_not_shown_twice():
    assert hottest([ORIGIN, *turn(2, 6, 1, 1), *turn(10, 2, 1, 2)], 8) == []
    assert hottest([ORIGIN], 8) == []


@pytest.mark.parametrize(("count", "left"), [(0, 0), (1, 1), (8, 8), (9, 8), (10, 8), (11, 11), (30, 30), (33, 32)])
def test_one_or_two_stragglers_give_way_and_the_last_picture_stays(count, left):
    _, cells = forgetting(marks(1 + 4 * count), [], 100)
    assert len(without_stragglers(cells, 8)) == left
    assert without_stragglers(cells, 8)[-1:] == cells[-1:]


def test_a_take_without_marks_has_nothing_to_show():
    assert burning([], 8) == []
    assert forgetting([], [], 40) == (1, [])
