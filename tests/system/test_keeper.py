"""A frozen piece is lit again, its log says why, and the take still comes out hash for hash."""

import os
import subprocess
import sys

import pytest

from tests.support import until
from tests.system.performance import log_of, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

LOOP = """pace = 0.0
stages = 0
colour = 0.0
noise-floor = 0.0
[loop.keeper]
patience = 16
refractory = 0"""


def rescues(state):
    return [str(line["kept"]["sentence"]) for line in log_of(state) if "kept" in line]  # type: ignore[index]


def test_a_frozen_piece_climbs_the_ladder_and_its_take_is_rendered_again(tmp_path, state):
    scene = scene_file(tmp_path, gaussian="temperature = 0.01", loop=LOOP)
    with performing(scene, state, "--seed", "9", "--record") as show:
        show.reaches(1)
        until(lambda: "a fresh picture" in show.said(), 90.0)
        show.reaches(show.generation() + 5)
        said = show.stop()
    assert "The keeper, at generation" in said
    assert "a fixed point: the picture has not changed for 16 generations; reheated to 0.9" in rescues(state)[0]
    verdict = subprocess.run(
        [sys.executable, "-m", "installation", "restage", "last", "--state", str(state)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "400"},
    )
    assert "every one identical" in verdict.stdout, verdict.stdout + verdict.stderr


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    return folder
