"""The real program is asked for another model and for a ControlNet while it plays: nothing waits for their loading."""

import pytest
from pythonosc.udp_client import SimpleUDPClient

from installation.machine.settings import EngineSettings
from installation.publishing.restage import restage
from installation.recording.takes import all_takes, generations
from installation.scenes import OWN
from tests.restorers import tiny_guides, tiny_pipeline
from tests.support import until
from tests.system.performance import PATIENCE, log_of, performing, scene_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

MORE = 3  # generations, and frames of the stage, that must come while something is loaded


def goes_on(show):
    """The show goes on: more generations and more frames, counted from now."""
    generation, frames = show.generation(), show.vital("stage", "frames")
    show.reaches(generation + MORE)
    until(lambda: show.vital("stage", "frames") >= frames + MORE, PATIENCE)


@pytest.fixture
def machine(tmp_path):
    """A machine with a models folder, and a scene of its own that wants a pipeline from there."""
    models, state = tmp_path / "models", tmp_path / "state"
    tiny_pipeline.build(models / "xl", "sdxl")
    tiny_guides.control_xl(models / "canny")
    (state / OWN).mkdir(parents=True)
    (state / OWN / "led.toml").write_text(
        'origin = "cat"\nrestorer = "diffusion"\nmodel = "xl"\nsize = 64\n[loop]\npace = 0.4\nstages = 0\n'
    )
    config = tmp_path / "machine.toml"
    config.write_text(f'[engine]\nmodels = "{models}"\n[stage]\nrate = 10\nwidth = 320\nheight = 180\n')
    return models, state, config


def test_generations_and_frames_go_on_while_a_model_and_a_controlnet_are_loaded(tmp_path, machine):
    models, state, config = machine
    with (
        performing(
            scene_file(tmp_path, loop="pace = 0.4\nstages = 0"), state, "--config", str(config), "--record", "--fresh"
        ) as show,
        SimpleUDPClient("127.0.0.1", show.port) as osc,
    ):
        show.reaches(2)
        with tiny_guides.held_up(models / "xl" / "unet") as let_go:
            osc.send_message("/scene/load", "led")
            goes_on(show)
            assert "Playing led" not in show.said()
            let_go()
        until(lambda: "Playing led" in show.said(), PATIENCE)
        with tiny_guides.held_up(models / "canny") as let_go:
            osc.send_message("/control", ["canny", "edge", "present"])
            goes_on(show)
            assert show.said().count("Playing led") == 1
            let_go()
        until(lambda: show.said().count("Playing led") == 2, PATIENCE)
        goes_on(show)
        show.stop()
    led = [line["playing"]["control"] for line in log_of(state) if "playing" in line]  # type: ignore[index]
    assert [told and told["model"] for told in led] == [None, "canny"]
    (take,) = all_takes(state)
    assert {told.scene for told in generations(take)} == {"little", "led"}
    verdict = restage(take, EngineSettings(models=models), lambda _: None)
    assert verdict.identical, verdict.sentence()
