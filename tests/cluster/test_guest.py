"""What the conductor's guest says of the cluster, from what the envoy shows."""

import math
from types import SimpleNamespace

import pytest

from installation.cluster.guest import ClusterGuest, lately, troubles
from installation.cluster.together import CLUSTER_VITALS
from installation.guests import invited
from installation.machine.board import Board
from installation.machine.settings import Settings
from installation.machine.wires import Wires
from installation.readings.cluster import DRIFT, LATE, OFFSET, WAY
from installation.readings.register import NOT_YET, Value

HALF = 0.5 / 60


@pytest.fixture
def envoy(tmp_path):
    """The board on which an envoy shows what it knows."""
    board = Board.create(Wires(tmp_path).vitals("engine"), CLUSTER_VITALS)
    yield board
    board.close()


@pytest.fixture
def guest(tmp_path):
    came = ClusterGuest()
    came.open(SimpleNamespace(wires=Wires(tmp_path), settings=Settings()))
    return came


def test_what_the_envoy_measures_is_read_and_what_it_does_not_know_yet_is_said_so(envoy, guest):
    envoy.write({"clock_offset_ms": -1.5, "way_ms": 12.0, "late": 3.0})
    guest.look(0.0)
    assert guest.readings() == {OFFSET: Value(-1.5), DRIFT: NOT_YET, WAY: Value(12.0), LATE: Value(3.0)}
    assert guest.troubles() == ()


def test_before_the_envoy_has_laid_its_board_there_is_nothing_to_say(guest):
    guest.look(0.0)
    assert set(guest.readings().values()) == {NOT_YET}
    assert guest.troubles() == ()


def test_it_looks_once_a_second(envoy, guest):
    guest.look(0.0)
    envoy.write({"way_ms": 5.0})
    guest.look(0.9)
    assert guest.readings()[WAY] is NOT_YET
    guest.look(1.0)
    assert guest.readings()[WAY] == Value(5.0)


def test_pictures_that_were_late_are_a_trouble_for_a_minute(envoy, guest):
    guest.look(0.0)
    envoy.write({"late": 2.0})
    guest.look(1.0)
    assert "2 pictures of the last minute came too late" in guest.troubles()[0]
    for second in range(2, 63):
        guest.look(float(second))
    assert guest.troubles() == ()


@pytest.mark.parametrize(("counts", "grown"), [((), 0), ((4.0,), 0), ((1.0, 3.0, 3.0), 2), ((7.0, 0.0, 2.0), 2)])
def test_a_count_that_begins_again_with_a_new_life_does_not_shrink(counts, grown):
    assert lately(counts) == grown


@pytest.mark.parametrize(
    ("offset", "error", "said"),
    [
        (40.0, 1.0, "40.0 ms ahead"),
        (-40.0, 1.0, "40.0 ms behind"),
        (9.0, 1.0, ""),
        (40.0, 39.0, ""),
        (math.nan, math.nan, ""),
    ],
)
def test_only_what_is_certain_of_a_clock_is_a_trouble(offset, error, said):
    found = troubles({"clock_offset_ms": offset, "clock_error_ms": error}, 0, HALF, None)
    assert bool(found) == bool(said)
    assert said in "".join(found)


@pytest.mark.parametrize("at", ["here", "cluster"])
def test_it_is_invited_where_engines_play_elsewhere(at):
    told = {"engines": [{"name": "left", "at": at}], "cluster": {"address": "10.0.0.7:6379"}}
    came = [type(each) for each in invited(Settings.model_validate(told))]
    assert (ClusterGuest in came) is (at == "cluster")
