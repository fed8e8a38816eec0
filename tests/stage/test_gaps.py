"""Gaps are counted by their length, for as long as the performance lasts and in whichever life of the stage."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.board import Board
from installation.stage.gaps import COUNTS, EDGES, Gaps, Spread, spread


@pytest.fixture
def path(tmp_path):
    Board.create(tmp_path / "gaps", COUNTS).close()
    return tmp_path / "gaps"


def flipped(path, *gaps, last=0.0, begin=100.0):
    """Flip so many times, so many seconds apart; what is counted then."""
    counting = Gaps(path, last)
    counting.flipped(begin)
    for gap in gaps:
        counting.flipped(begin := begin + gap)
    counting.close()
    return spread(path)


def counted(*gaps):
    """What would be counted of gaps in ms."""
    counts = [0.0] * len(EDGES)
    for gap in gaps:
        counts[next(place for place, edge in enumerate(EDGES) if gap <= edge)] += 1
    return Spread(tuple(counts))


def test_the_edges_rise_by_a_millisecond_to_a_hundred_and_by_a_tenth_beyond():
    assert EDGES[:100] == tuple(range(1, 101))
    assert all(low < high <= 1.11 * low for low, high in itertools.pairwise(EDGES[99:-1]))
    assert EDGES[-2] > 10_000
    assert math.isinf(EDGES[-1])


def test_the_first_flip_has_no_gap_before_it(path):
    assert flipped(path).total == 0


def test_every_flip_after_it_is_counted_once(path):
    seen = flipped(path, *[1 / 60] * 99, 0.25)
    assert (seen.total, seen.quantile(0.5), seen.quantile(0.99), seen.longest) == (100, 17.0, 17.0, 259.0)
    assert (seen.over(100.0), seen.over(17.0), seen.over(259.0)) == (1, 1, 0)


def test_a_reborn_stage_goes_on_counting_and_counts_the_gap_that_its_death_tore(path):
    flipped(path, 0.016)
    assert flipped(path, 0.016, last=100.016, begin=102.0).total == 3
    assert spread(path).over(1000.0) == 1


def test_what_is_longer_than_every_edge_has_its_place_too(path):
    assert math.isinf(flipped(path, 3600.0).longest)


def test_of_nothing_there_is_no_length():
    assert (Spread().total, Spread().quantile(0.5), Spread().longest) == (0, 0.0, 0.0)


def test_what_was_counted_before_can_be_left_out():
    assert counted(5, 5, 30).since(counted(5)) == counted(5, 30)


def test_without_a_board_nothing_is_read(tmp_path):
    with pytest.raises(OSError, match="nothing"):
        spread(tmp_path / "nothing")


@given(st.lists(st.floats(0.001, 9000.0), min_size=1), st.floats(0.01, 1.0))
def test_a_quantile_is_the_upper_edge_of_the_place_where_it_lies(gaps, share):
    exact = sorted(gaps)[math.ceil(share * len(gaps)) - 1]
    told = counted(*gaps).quantile(share)
    assert exact <= told <= max(exact + 1.0, 1.11 * exact)
