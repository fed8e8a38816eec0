"""Effort against simulated machines: it reaches its limit, keeps to it, and gives way when it is lowered."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.control.effort import FEWEST, MOST, RETREAT, Effort, left_of
from installation.panels import all_knobs
from installation.restorers import Restoring

ELAPSED = 2.0  # seconds between two looks
shares = st.floats(-1.0, 1.0)


@dataclass
class Machine:
    """Something that grows warm: at rest it stands at ``idle``, at full effort at ``full``, after ``slow`` seconds."""

    idle: float
    full: float
    slow: float
    now: float = 0.0

    def __post_init__(self):
        self.now = self.idle

    def works(self, level: float) -> float:
        goal = self.idle + (self.full - self.idle) * level
        self.now += (goal - self.now) * ELAPSED / (self.slow + ELAPSED)
        return self.now


def governed(machine, limit, seconds, effort=None):
    """What the machine stood at, look by look, and the effort at the end."""
    effort, seen = effort or Effort(), []
    for _ in range(round(seconds / ELAPSED)):
        left = left_of({"watts": limit}, {"watts": machine.now}, 1.0)
        effort = effort.after(left, ELAPSED)
        seen.append(machine.works(effort.level))
    return seen, effort


MACHINES = pytest.mark.parametrize("machine", [(40.0, 400.0, 2.0), (60.0, 140.0, 4.0), (38.0, 95.0, 60.0)], ids=str)


@MACHINES
def test_a_limit_that_can_be_reached_is_reached_and_kept_to(machine):
    limit = (machine[0] + machine[1]) / 2.0
    seen, _ = governed(Machine(*machine), limit, 1800.0)
    assert seen[-1] == pytest.approx(limit, rel=0.02)
    assert max(seen) < 1.05 * limit


@MACHINES
def test_a_limit_beyond_the_machine_costs_all_it_has(machine):
    seen, effort = governed(Machine(*machine), 3.0 * machine[1], 1800.0)
    assert effort.level == 1.0
    assert seen[-1] == pytest.approx(machine[1], rel=0.01)


@MACHINES
def test_a_limit_below_what_it_takes_at_rest_ends_all_effort(machine):
    _, effort = governed(Machine(*machine), 0.5 * machine[0], 300.0)
    assert effort.level == 0.0


@MACHINES
def test_a_limit_that_is_lowered_is_obeyed_at_once(machine):
    run = Machine(*machine)
    _, effort = governed(run, 2.0 * machine[1], 1800.0)
    lowered = (machine[0] + machine[1]) / 2.0
    seen, _ = governed(run, lowered, 600.0, effort)
    assert seen[-1] == pytest.approx(lowered, rel=0.05)


@given(st.lists(shares, max_size=60))
def test_effort_never_leaves_its_range_and_neither_do_the_knobs(left):
    effort = Effort()
    for share in left:
        effort = effort.after(share, ELAPSED)
        assert 0.0 <= effort.level <= 1.0
        for address, value in effort.knobs().items():
            assert all_knobs()[address].parse(value) == pytest.approx(value)


def test_no_effort_is_what_the_scene_would_do_anyway_and_all_of_it_is_all_there_is():
    assert Effort(0.0).knobs()["/restore/steps"] == FEWEST == Restoring().steps
    assert Effort(1.0).knobs() == {"/restore/steps": MOST, "/loop/pace": 0.0}


@given(st.floats(0.0, 500.0), st.floats(0.0, 120.0), st.floats(0.1, 1.0))
def test_what_is_left_is_what_the_tightest_limit_leaves(watts, degrees, greed):
    left = left_of({"watts": 200.0, "degrees": 80.0}, {"watts": watts, "degrees": degrees}, greed)
    expected = min(1.0 - watts / (200.0 * greed), 1.0 - degrees / (80.0 * greed))
    assert left == pytest.approx(max(expected, RETREAT))


def test_a_silent_sensor_leaves_less_than_nothing_and_no_limit_leaves_no_number():
    assert left_of({"watts": 200.0, "degrees": None}, {}, 1.0) == RETREAT
    assert left_of({"watts": None, "degrees": None}, {"watts": 50.0}, 1.0) is None
