"""The bench times the program as a user starts it: every figure comes with its conditions, in the order of a life."""

import re

import pytest

from installation import bench
from tests.system.performance import scene_file


@pytest.mark.system
@pytest.mark.timeout(240)
def test_beginnings_and_a_rebirth_are_timed_with_their_conditions(tmp_path):
    figures = list(bench.beginnings(str(scene_file(tmp_path))))
    assert [figure.name for figure in figures] == [
        "command to first picture",
        "command to first generation",
        "SIGKILL of the engine to the next generation",
    ]
    assert all(re.fullmatch(r"\d+\.\d s", figure.value) and "load" in figure.conditions for figure in figures)
