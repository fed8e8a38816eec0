"""The engine in a thread of the test: what it wears, and what it says of it. tests/system has it killed."""

import dataclasses
import threading
from multiprocessing import Pipe
from pathlib import Path

import pytest
import torch

from installation import engine as room
from installation import scenes
from installation.machine import wires as wiring
from installation.machine.board import Board
from installation.machine.files import share
from installation.machine.ring import Ring
from installation.machine.settings import Settings
from installation.machine.wires import Uplink
from installation.panels import all_knobs
from installation.records import Order
from installation.restorers.ember import Ember
from installation.signs import Sign
from installation.training.proof import export
from tests.restorers import tiny_pipeline
from tests.restorers.test_ember import falling_bands, tiny_network
from tests.restorers.tiny_conditions import knowing
from tests.support import until

PLAIN = (
    'origin = "cat"\nrestorer = "ember"\nseed = 7\nsize = 64\n[loop]\npace = 0.0\nstages = 0\n[restore]\nsteps = 1\n'
)


class Show:
    """An engine, and the conductor's end of its wires."""

    def __init__(self, folder, scene, models=None):
        self.knobs = all_knobs()
        self.wires = wiring.lay(folder)
        self.board = Board.create(self.wires.board, {address: knob.default for address, knob in self.knobs.items()})
        Board.create(self.wires.vitals("engine"), room.ENGINE_VITALS).close()
        Ring.create(self.wires.ring, 128 * 128).close()
        path = folder / "plain.toml"
        path.write_text(PLAIN.replace("ember", scene))
        self.scene = scenes.load(path, self.knobs, share("assets"))
        self.board.write(dict(self.scene.values))
        engine = {"device": "cpu", "threads": 1, "models": models or folder}
        self.settings = Settings.model_validate({"state": folder, "engine": engine})
        self.reports = []
        self.live()

    def live(self):
        """Begin a life, as the conductor would."""
        self.pipe, theirs = Pipe()
        engine = room.Engine(self.wires, Uplink(theirs), self.settings)
        self.thread = threading.Thread(target=engine.serve, daemon=True)
        self.thread.start()
        self.order("play", scene=self.scene, seed=None, resume=True)
        self.hear("playing")

    def order(self, name, **data):
        self.pipe.send(Order(name, data))

    def hear(self, name):
        """The next report of this name from now on."""

        def heard():
            while self.pipe.poll():
                self.reports.append(self.pipe.recv())
                if self.reports[-1].name == name:
                    return self.reports[-1].data
            return None

        return until(heard, within=60.0)

    def die(self):
        self.order("quit")
        self.thread.join(30.0)
        assert not self.thread.is_alive()


PIPELINE = 'diffusion"\nmodel = "./tiny"\nprompt = "a cat:0.75 | a fire:0.25'


@pytest.fixture
def show(request, tmp_path):
    threads = torch.get_num_threads()
    if (scene := getattr(request, "param", "ember")) == PIPELINE:
        tiny_pipeline.build(tmp_path / "tiny", "sdxl")
    playing = Show(tmp_path, scene)
    yield playing
    playing.die()
    playing.board.close()
    torch.set_num_threads(threads)  # which the engine has set for itself


@pytest.fixture
def other(tmp_path):
    """Another ember, as a collapse keeps it."""
    folder = tmp_path / "generation-001"
    export(Ember(tiny_network(1), falling_bands(), "", knowing()), folder)
    return str(folder)


def test_a_prompt_is_walked_to_and_every_generation_says_what_it_was_told(show):
    show.order("prompt", text="a cat")
    until(lambda: show.hear("generation")["prompt"] == "a cat", within=60.0)
    show.board.write({"/restore/walk": 4.0})
    show.order("prompt", text="a fire")
    told: list[str] = []
    while not told or told[-1] != "a fire":
        told.append(show.hear("generation")["prompt"])
    assert told[-4:-1] == ["a cat:0.75 | a fire:0.25", "a cat:0.5 | a fire:0.5", "a cat:0.25 | a fire:0.75"]


@pytest.mark.parametrize("show", [PIPELINE], indirect=True)
def test_a_pipeline_plays_under_a_blend_and_says_so(show):
    assert show.reports[-1].data["restorer"] == "diffusion"
    assert show.hear("generation")["prompt"] == "a cat:0.75 | a fire:0.25"


def test_a_prompt_that_cannot_be_read_is_refused_and_the_last_one_holds(show):
    show.order("prompt", text="a cat")
    show.order("prompt", text="|")
    assert show.hear("refused")["order"] == "prompt"
    until(lambda: show.hear("generation")["prompt"] == "a cat", within=60.0)


def test_the_weights_of_another_generation_are_worn_from_one_generation_to_the_next(show, other):
    own = show.reports[-1].data
    before = show.hear("generation")["serial"]
    show.order("wear", model=other)
    worn = show.hear("playing")
    assert (worn["model"], worn["seed"], worn["restorer"]) == (other, own["seed"], "ember")
    assert worn["digest"] != own["digest"]
    assert worn["serial"] >= before
    assert show.hear("generation")["serial"] == worn["serial"] + 1
    show.order("wear", model=None)
    assert show.hear("playing")["digest"] == own["digest"]


@pytest.mark.parametrize("show", ["archive"], indirect=True)
def test_a_scene_that_shows_its_sources_is_told_whose_patches_the_picture_is_made_of(show):
    signs = (Sign("sources", "bottom", 0.03, 0.9, 0.1),)
    show.order("play", scene=dataclasses.replace(show.scene, overlays=signs), seed=1, resume=False)
    path, name = show.hear("sources")["pictures"][0]
    assert Path(path).parent == share("assets") / "archive"
    assert name.startswith(f"{Path(path).stem} ")
    assert name.endswith("%")


def test_damaged_weights_are_refused_and_the_show_goes_on(show, other):
    Path(other, "config.json").write_text("{}")
    show.order("wear", model=other)
    refused = show.hear("refused")
    assert refused["order"] == "wear"
    assert refused["reason"].endswith("The show goes on with what it wore.")
    assert show.hear("generation")


def test_a_reborn_engine_wears_what_the_last_one_wore_and_plays_the_lineage_on(show, other):
    show.order("wear", model=other)
    worn = show.hear("playing")
    show.die()
    show.live()
    assert show.reports[-1].data["digest"] == worn["digest"]
    assert show.reports[-1].data["serial"] >= worn["serial"]


def test_a_lesion_is_in_the_record_of_the_generation(show):
    show.board.write({"/lesion/share": 0.5, "/lesion/kind": 1.0})
    until(lambda: show.hear("generation")["knobs"]["/lesion/share"] == 0.5)
    assert show.reports[-1].data["knobs"]["/lesion/kind"] == "neurons"


@pytest.mark.parametrize("show", ["archive"], indirect=True)
def test_a_lesion_of_a_restorer_without_weights_is_said_once(show):
    show.board.write({"/lesion/share": 0.5})
    assert "the archive has no weights" in show.hear("refused")["reason"]
    show.hear("generation")
    show.hear("generation")
    assert sum(report.name == "refused" for report in show.reports) == 1


@pytest.mark.parametrize("show", ["archive"], indirect=True)
def test_latents_that_cannot_be_fed_back_are_said_once(show):
    show.board.write({"/restore/feedback": 1.0})
    assert "latents are not fed back" in show.hear("refused")["reason"]
    show.hear("generation")
    show.hear("generation")
    assert sum(report.name == "refused" for report in show.reports) == 1


@pytest.mark.parametrize("show", ["none"], indirect=True)
def test_a_key_is_turned_between_two_generations_and_turned_back(show):
    show.board.write({"/burn/gaussian/temperature": 0.0, "/loop/noise-floor": 0.0, "/loop/colour": 0.0})
    until(lambda: show.hear("generation")["temperature"] == 0.0)
    show.order("origin")  # what has burnt before is noise already
    clear = until(lambda: (told := show.hear("generation"))["parent"] == 0 and told)["digest"]
    for locked in (True, False):
        show.order("cipher", tick=77, locked=locked)
        turned = until(lambda: (told := show.hear("generation"))["source"] and told)
        assert (turned["source"], turned["parent"]) == ("cipher/77", 0)
        assert (turned["readings"]["spectral_entropy"] > 0.9) == locked
        assert (turned["digest"] != clear) == locked


@pytest.mark.parametrize("show", ["archive"], indirect=True)
def test_where_the_work_is_eased_a_generation_says_how_few_steps_it_took(show):
    show.board.write({"/restore/steps": 8.0, "/engine/relief": 3.0})
    until(lambda: show.hear("generation")["knobs"]["/restore/steps"] == 2, within=60.0)
    show.board.write({"/engine/relief": 0.0})
    until(lambda: show.hear("generation")["knobs"]["/restore/steps"] == 8, within=60.0)


@pytest.mark.parametrize("show", ["archive"], indirect=True)
def test_on_an_eased_machine_a_scene_that_leaves_its_size_open_begins_at_half(show):
    show.board.write({"/engine/relief": 2.0})
    scene = dataclasses.replace(show.scene, size=None)
    show.order("play", scene=scene, seed=1, resume=False)
    assert show.hear("playing")["size"] == show.settings.engine.size // 2
    show.board.write({"/engine/relief": 0.0})
    show.order("play", scene=scene, seed=None, resume=True)
    assert show.hear("playing")["seed"] == 1
