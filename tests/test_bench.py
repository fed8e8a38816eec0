"""The bench times the program as a user starts it: every figure comes with its conditions, in the order of a life."""

import re
import sys
from pathlib import Path

import pytest

from installation import bench

UNDERSTUDY = (sys.executable, str(Path(__file__).with_name("understudy.py")))


@pytest.mark.system
def test_beginnings_and_a_rebirth_are_timed_with_their_conditions():
    figures = list(bench.beginnings("little", UNDERSTUDY))
    assert [figure.name for figure in figures] == [
        "command to first picture",
        "command to first generation",
        "SIGKILL of the engine to the next generation",
    ]
    assert all(re.fullmatch(r"\d+\.\d s", figure.value) and "load" in figure.conditions for figure in figures)
