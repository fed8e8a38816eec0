"""Collapse beside the show: ember is retrained, worn, wounded and healed while it plays, and the take is made again."""

import shutil

import pytest
from pythonosc.udp_client import SimpleUDPClient

from installation.collapse import folder
from installation.collapse.images import Settings
from installation.machine.files import share
from installation.machine.settings import EngineSettings
from installation.publishing.restage import restage
from installation.recording.takes import all_takes
from installation.training import gallery
from installation.training.retraining import Job
from tests.support import until
from tests.system.performance import PATIENCE, log_of, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


def little(state):
    """A run that has come to its first generation, which is ember as it ships."""
    settings = Settings(count=24, size=64, steps=1, practice=1, batch=4)
    path, model = folder.home(state, "little"), share("assets") / "ember"
    folder.begin(path, Job(path, settings, gallery.hang(gallery.shipped(), 64), model).run())
    shutil.copytree(model, folder.place(path, 0), dirs_exist_ok=True)
    return folder.keep(path, 0, {"recall": 0.5}, {}).path


def test_a_machine_forgets_beside_the_show_and_the_take_is_rendered_again(tmp_path):
    state = tmp_path / "state"
    zero = little(state)
    with (
        performing(
            scene_file(tmp_path, restorer="ember", loop="pace = 0.4\nstages = 0"), state, "--record", "--fresh"
        ) as show,
        SimpleUDPClient("127.0.0.1", show.port) as osc,
    ):
        show.reaches(2)
        osc.send_message("/collapse/start", "little")
        until(lambda: show.said().count("Playing little") >= 2, PATIENCE)
        osc.send_message("/collapse/stop", 1)
        osc.send_message("/lesion/share", 0.4)
        show.reaches(show.generation() + 2)
        osc.send_message("/collapse/rebirth", 1)
        osc.send_message("/lesion/share", 0.0)
        until(lambda: show.said().count("Playing little") >= 3, PATIENCE)
        show.reaches(show.generation() + 2)
        said = show.stop()
    assert "Collapse little, generation 0: recall 0.5." in said
    worn = [line["playing"]["model"] for line in log_of(state) if "playing" in line]  # type: ignore[index]
    assert worn == [str(zero), None]
    generations = [line["generation"] for line in log_of(state) if "generation" in line]
    assert any(generation["knobs"]["/lesion/share"] > 0.0 for generation in generations)  # type: ignore[index]
    (take,) = all_takes(state)
    verdict = restage(take, EngineSettings(), lambda _: None)
    assert verdict.identical, verdict.sentence()
