"""What a process holds, when that is too much, and how much there is on this machine."""

import os

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.memory import GROWN, Weight, available, resident
from installation.machine.settings import Settings

BYTES = st.floats(1e6, 1e12)


def test_what_it_held_when_it_came_to_run_is_remembered():
    weight = Weight(most=10.0).seen(3.0, running=False).seen(4.0, running=True).seen(9.0, running=True)
    assert weight == Weight(9.0, 4.0, 10.0)


@given(first=BYTES, held=BYTES, most=BYTES)
def test_what_a_new_life_would_hold_at_once_is_never_called_growth(first, held, most):
    weight = Weight(held, first, most)
    assert weight.is_too_much == (held > most)
    assert weight.has_grown == (held > GROWN * first)
    assert not Weight(first, first, most).has_grown


def test_what_has_not_come_to_run_yet_has_not_grown():
    assert not Weight(9.0, 0.0, 1.0).has_grown


@pytest.mark.parametrize(("first", "says"), [(1e9, "started anew at the next quiet moment"), (5e9, "memory.share")])
def test_too_much_is_said_with_what_becomes_of_it(first, says):
    sentence = Weight(5e9, first, 4e9).sentence("engine")
    assert sentence.startswith("The engine holds 5.0 GB, more than the 4.0 it may")
    assert says in sentence


def test_a_living_process_holds_something_and_one_that_has_ended_nothing():
    assert resident(os.getpid()) > 1e6
    ended = psutil.Popen(["true"])
    ended.wait(10.0)
    assert resident(ended.pid) == 0.0


@pytest.mark.parametrize(
    ("limits", "most"),
    [({}, None), ({"gallery/burntout": "4096"}, 4096), ({"gallery": "2048", "gallery/burntout": "max"}, 2048)],
)
def test_there_is_no_more_than_our_control_group_or_one_above_it_may_use(tmp_path, limits, most):
    (tmp_path / "cgroup").write_text("4:memory:/elsewhere\n0::/gallery/burntout\n")
    (tmp_path / "gallery" / "burntout").mkdir(parents=True)
    for group, limit in limits.items():
        (tmp_path / group / "memory.max").write_text(f"{limit}\n")
    assert available(tmp_path / "cgroup", tmp_path) == (most or psutil.virtual_memory().total)


def test_where_there_are_no_control_groups_it_is_the_machines(tmp_path):
    assert available(tmp_path / "none", tmp_path) == psutil.virtual_memory().total


def test_a_process_may_hold_a_share_of_it():
    assert 0.0 < Settings().memory.share < 1.0
