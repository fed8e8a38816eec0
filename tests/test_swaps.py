"""Swaps never hold the loop up: what is loaded is waited for by nobody, and comes on between two generations."""

import dataclasses
import shutil

import pytest
import torch

from installation import scenes
from installation.conditioning import Control, Likeness
from installation.machine.files import share
from installation.restorers import lora
from tests.restorers import tiny_guides, tiny_pipeline
from tests.support import until
from tests.test_engine import Show

XL = 'diffusion"\nmodel = "xl'


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A models folder with a pipeline, what leads it, and adapters for it and for another."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("xl", "later"):
        tiny_pipeline.build(folder / name, "sdxl")
    tiny_guides.control_xl(folder / "canny")
    tiny_guides.control(folder / "narrow")
    tiny_guides.likeness(folder / "ip", 64)
    for name, base in (("smoke", "xl"), ("foreign", "later")):
        tiny_pipeline.foreign_adapter(folder / name, folder / base)
        lora.name_base(folder / name, folder / base)
    return folder


@pytest.fixture
def show(tmp_path, models):
    threads = torch.get_num_threads()
    playing = Show(tmp_path, XL, models)
    yield playing
    playing.die()
    playing.board.close()
    torch.set_num_threads(threads)


def scene(show, tmp_path, text):
    """Another scene, checked."""
    path = tmp_path / "other.toml"
    path.write_text(text)
    return scenes.load(path, show.knobs, share("assets"))


def test_generations_go_on_while_a_controlnet_is_loaded_and_the_next_ones_are_led(show, models):
    with tiny_guides.held_up(models / "canny") as let_go:
        show.order("control", guide=Control("canny", "edge", "present"))
        before = [show.hear("generation")["serial"] for _ in range(5)]
        assert sum(report.name == "playing" for report in show.reports) == 1
        let_go()
    told = show.hear("playing")
    assert before == list(range(before[0], before[0] + 5))
    assert told["control"]["model"] == "canny"
    assert told["likeness"] is None
    assert show.hear("generation")["serial"] == told["serial"] + 1
    show.order("control", guide=None)
    assert show.hear("playing")["control"] is None


def test_a_scene_goes_on_with_its_own_knobs_while_the_next_one_is_loaded(show, models):
    until(lambda: show.hear("generation"), within=60.0)
    with tiny_guides.held_up(models / "later" / "unet") as let_go:
        show.order("play", scene=dataclasses.replace(show.scene, name="next", model="later"), seed=1, resume=False)
        show.order("prompt", text="a fire")  # to the scene that comes
        own = [show.hear("generation") for _ in range(3)][-1]
        show.board.write({"/burn/gaussian/temperature": 0.75})  # which the conductor does for the scene that comes
        after = [show.hear("generation") for _ in range(4)][1:]
        said = {(told["scene"], told["prompt"], told["temperature"]) for told in after}
        assert said == {("plain", "", own["temperature"])}
        let_go()
    assert show.hear("playing")["model"] == "later"
    first = until(lambda: (told := show.hear("generation"))["prompt"] and told, within=60.0)
    assert (first["scene"], first["prompt"], first["temperature"]) == ("next", "a fire", 0.75)


def test_what_leads_is_kept_when_an_adapter_is_put_on_and_what_a_scene_names_leads_it(show, tmp_path, models):
    led = scene(show, tmp_path, 'origin = "cat"\nrestorer = "diffusion"\nmodel = "xl"\nsize = 64\n'
                'control = { model = "canny" }\nlikeness = { model = "ip", from = "present" }\n')  # fmt: skip
    show.order("play", scene=led, seed=1, resume=False)
    bare = show.hear("playing")
    assert (bare["control"]["of"], bare["likeness"]["from"]) == ("edge", "present")
    show.order("lora", text="smoke")
    worn = show.hear("playing")
    assert worn["model"] == str(models / "smoke")
    assert worn["digest"] != bare["digest"]
    assert (worn["control"], worn["likeness"]) == (bare["control"], bare["likeness"])
    show.order("lora", text="")
    assert show.hear("playing") | {"serial": 0} == bare | {"serial": 0}
    show.order("play", scene=show.scene, seed=1, resume=False)
    assert show.hear("playing")["control"] is None


def test_what_does_not_fit_is_refused_and_the_show_goes_on_with_what_it_had(show):
    for order, told, sentence in (
        ("control", {"guide": Control("gone")}, "no ControlNetModel"),
        ("control", {"guide": Control("narrow")}, "another family"),
        ("control", {"guide": Control("canny", "depth")}, "a model is needed that sees it"),
        ("likeness", {"guide": Likeness("canny")}, "no IP-Adapter"),
        ("lora", {"text": "foreign"}, "which is not what plays"),
        ("lora", {"text": "../smoke"}, "no adapter in the models folder"),
    ):
        show.order(order, **told)
        refused = show.hear("refused")
        assert refused["order"] == order
        assert sentence in refused["reason"]
        assert refused["reason"].endswith("The show goes on with what it had.")
        assert show.hear("generation")
    assert sum(report.name == "playing" for report in show.reports) == 1


def test_a_scene_plays_without_what_cannot_lead_it(show, tmp_path, models):
    shutil.copytree(models / "xl", tmp_path / "other")
    led = scene(show, tmp_path, 'origin = "cat"\nrestorer = "diffusion"\nmodel = "./other"\nsize = 64\n'
                'control = { model = "narrow" }\n')  # fmt: skip
    show.order("play", scene=led, seed=1, resume=False)
    assert show.hear("refused")["reason"].endswith("It plays without.")
    assert show.hear("playing")["control"] is None
