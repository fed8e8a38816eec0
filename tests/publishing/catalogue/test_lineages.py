"""A lineage that several takes hold is one line, from its first generation to its last, with gaps nobody recorded."""

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.publishing.catalogue.lineages import SHADES, SIDE, descents, kinship, strands
from installation.publishing.catalogue.tree import EDGE, FAINTEST, WIDTH
from tests.recording.rehearsal import generation

OPENING = datetime(2026, 11, 23, 10, tzinfo=UTC)
SPANS = st.lists(st.tuples(st.integers(1, 200), st.integers(1, 80)), min_size=2, max_size=8)


def played(first, last, seed=7, scene="hearth"):
    """What the log of a take says of a lineage."""
    return [dataclasses.replace(generation(serial), seed=seed, scene=scene) for serial in range(first, last + 1)]


def leaf(day, *runs, cover="still-06.webp"):
    """A leaf with what its lineages are drawn from."""
    held = strands(itertools.chain.from_iterable(runs), "hearth", "cat.png")
    take = SimpleNamespace(started=OPENING + timedelta(days=day))
    return SimpleNamespace(
        name=f"day-{day}", title=f"Day {day}", take=take, strands=held, cover=SimpleNamespace(file=cover)
    )


def week(*spans):
    return [leaf(day, played(*span)) for day, span in enumerate(spans)]


def test_a_take_holds_a_strand_of_every_lineage_it_shows_in_the_order_they_were_played():
    found = strands([*played(3, 9), *played(1, 4, seed=8), *played(10, 12)], "hearth", "cat.png")
    assert [(each.seed, each.first, each.last) for each in found] == [(7, 3, 9), (8, 1, 4), (7, 10, 12)]


def test_the_origin_is_that_of_the_takes_own_scene_and_unknown_of_others():
    found = strands([*played(1, 2), *played(1, 2, scene="owl")], "hearth", "cat.png")
    assert [each.origin for each in found] == ["cat.png", ""]


def test_generations_that_a_reborn_engine_said_again_are_there_once():
    (found,) = strands([*played(1, 9), *played(7, 12)], "hearth", "cat.png")
    assert (found.first, found.last) == (1, 12)


@given(st.integers(1, 300))
def test_a_strand_has_few_shades_from_its_first_memory_to_its_last(length):
    (found,) = strands(played(1, length), "hearth", "")
    assert len(found.strengths) == min(length, SHADES)
    assert list(found.strengths) == sorted(found.strengths, reverse=True)
    assert all(FAINTEST <= each <= 1.0 for each in found.strengths)


def test_what_one_take_alone_holds_is_no_lineage_across_takes():
    assert descents(week((1, 9))) == []
    assert descents([leaf(0, played(1, 9)), leaf(1, played(1, 9, seed=8))]) == []
    assert descents([leaf(0, played(1, 3), played(1, 3, seed=8), played(4, 9))]) == []


def test_the_same_seed_in_another_scene_is_another_lineage():
    assert descents([leaf(0, played(1, 9)), leaf(1, played(10, 19, scene="owl"))]) == []


def test_a_lineage_runs_from_its_first_generation_to_its_last_whatever_order_takes_come_in():
    (found,) = descents(list(reversed(week((1, 9), (10, 30), (41, 50)))))
    assert [part.leaf for part in found.parts] == ["day-0", "day-1", "day-2"]
    assert (found.first, found.last, found.origin) == (1, 50, "cat.png")


def test_the_lineage_seen_last_comes_first():
    old, new = (
        [leaf(day, played(1, 9, seed=day // 2)), leaf(day + 1, played(10, 19, seed=day // 2))] for day in (0, 2)
    )
    assert [each.parts[0].strand.seed for each in descents([*old, *new])] == [1, 0]


@given(SPANS)
def test_every_part_lies_on_the_line_and_later_generations_to_the_right(spans):
    for found in descents(week(*((first, first + length) for first, length in spans))):
        for part in found.parts:
            pieces = list(found.pieces(part))
            assert pieces[0].start[0] == pytest.approx(found.across(part.strand.first - 1))
            assert pieces[-1].end[0] == pytest.approx(found.across(part.strand.last))
            assert EDGE <= pieces[0].start[0] < pieces[-1].end[0] <= WIDTH - EDGE + 1e-6


def test_parts_touch_where_nothing_is_missing_and_leave_a_gap_where_something_is():
    (found,) = descents(week((1, 9), (10, 30), (41, 50)))
    first, second, third = map(found.span, found.parts)
    assert first[1] == pytest.approx(second[0])
    assert list(found.gaps()) == [(second[1], third[0])]


@given(SPANS)
def test_gaps_are_exactly_the_generations_that_no_take_holds(spans):
    for found in descents(week(*((first, first + length) for first, length in spans))):
        held = {serial for first, length in spans for serial in range(first, first + length + 1)}
        missing = [serial for serial in range(found.first, found.last + 1) if serial not in held]
        wide = found.across(1) - found.across(0)
        assert sum(right - left for left, right in found.gaps()) == pytest.approx(len(missing) * wide)


@given(SPANS)
def test_no_cover_hangs_over_another(spans):
    for found in descents(week(*((first, first + length) for first, length in spans))):
        middles = sorted(middle for _, middle in found.hung() if middle is not None)
        assert middles
        assert all(right - left >= SIDE for left, right in itertools.pairwise(middles))


def test_a_take_without_a_picture_hangs_none():
    (found,) = descents([leaf(0, played(1, 9), cover=""), leaf(1, played(10, 19), cover="")])
    assert [middle for _, middle in found.hung()] == [None, None]


def test_each_take_knows_the_one_before_it_and_the_one_after_it():
    kin = kinship(descents(week((1, 9), (10, 30), (41, 50))))
    assert {name: ([b.leaf for b in each.before], [a.leaf for a in each.after]) for name, each in kin.items()} == {
        "day-0": ([], ["day-1"]),
        "day-1": (["day-0"], ["day-2"]),
        "day-2": (["day-1"], []),
    }


def test_a_take_with_two_lineages_names_a_take_that_shares_both_once():
    both = [leaf(0, played(1, 9), played(1, 5, seed=8)), leaf(1, played(10, 19), played(6, 9, seed=8))]
    assert [part.leaf for part in kinship(descents(both))["day-0"].after] == ["day-1"]


def test_two_takes_of_the_same_generations_do_not_go_on_from_one_another():
    assert kinship(descents(week((1, 9), (1, 9)))) == {}
