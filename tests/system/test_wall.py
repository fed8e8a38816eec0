"""The whole program with its engine on a cluster: stage, recorder and take do not know the difference."""

import psutil
import pytest

from installation.machine.settings import EngineSettings
from installation.publishing.restage import restage
from installation.recording import takes
from tests.support import until
from tests.system.performance import alive, digests, performing, scene_file

pytestmark = pytest.mark.system

LONG = 240.0  # seconds: a private Ray, and torch in two processes, beside a stage that draws without a card
MACHINE = """
[stage]
width = 480
height = 270
[engine]
device = "cpu"
[cluster]
address = "local"
silence = 30.0
[[engines]]
name = "away"
at = "cluster"
"""


def test_a_take_of_an_engine_elsewhere_that_was_killed_is_rendered_again_here_hash_for_hash(tmp_path):
    pytest.importorskip("ray", reason="optional extra: pip install 'burntout[cluster]'")
    state, config = tmp_path / "state", tmp_path / "machine.toml"
    config.write_text(MACHINE)
    scene = scene_file(tmp_path, loop="pace = 0.1\nstages = 1")
    with performing(scene, state, "--record", "--fresh", "--seed", "7", "--config", str(config)) as show:
        until(lambda: show.generation() >= 3, LONG)
        family = psutil.Process(show.process.pid).children(recursive=True)
        (player,) = [each for each in family if "Abroad" in " ".join(each.cmdline())]
        player.kill()
        until(lambda: "The engine away" in show.said() and "is lost" in show.said(), LONG)
        until(lambda: show.generation() >= 6 and show.vital("stage", "frames") > 0, LONG)
        family = psutil.Process(show.process.pid).children(recursive=True)
        show.stop()
    until(lambda: not alive(family), 20.0)
    serials = list(digests(state))
    assert serials == list(range(serials[0], serials[0] + len(serials)))
    (folder,) = (state / "takes").iterdir()
    verdict = restage(takes.load(folder), EngineSettings(), lambda _: None)
    assert verdict.identical, verdict.sentence()
