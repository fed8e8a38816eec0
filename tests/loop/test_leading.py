"""What leads a restorer is shown, before each generation, what it looks at, and a camera's picture has a name."""

import pytest
import torch

from installation.conditioning import Control, Likeness
from installation.loop.glimpse import Glimpse, blind
from installation.loop.leading import lead
from installation.loop.lineage import Lineage
from installation.restorers import guides
from installation.restorers.diffusion import load
from installation.restorers.exact import Nobody
from tests.restorers import tiny_guides, tiny_pipeline


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    tiny_guides.control(place / "canny")
    tiny_guides.likeness(place / "ip")
    tiny_pipeline.build(place / "sd")
    return place


@pytest.fixture
def model(folder):
    return load(folder / "sd")


def led_by(model, folder, *wishes):
    kinds = ["control" if isinstance(wish, Control) else "likeness" for wish in wishes]
    ready = [guides.load(wish, folder / wish.model, model) for wish in wishes]
    guides.exchange(model, dict(zip(kinds, ready, strict=True)))


class Window:
    """Something to look out of; it counts who does, and remembers what they wanted."""

    def __init__(self, *seen):
        self._seen, self.asked = list(seen), []

    def __call__(self, seeing):
        self.asked.append(seeing)
        return self._seen.pop(0)


@pytest.fixture
def lineage():
    return Lineage.begin("little", 1, torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)))


def test_nobody_looks_outside_for_what_looks_at_the_origin(model, folder, lineage):
    led_by(model, folder, Control("canny"), Likeness("ip", "present"))
    window = Window()
    assert lead(model, lineage, {}, window) == ""
    assert window.asked == []
    assert not model.guides.silent


def test_the_camera_is_looked_at_whole_and_its_picture_has_a_name(model, folder, lineage):
    led_by(model, folder, Control("canny", "edge", "camera"), Likeness("ip", "camera"))
    window = Window(Glimpse("glimpse-1.png", lineage.origin.flip(-1), 1.0))
    assert lead(model, lineage, {"/camera/mix": 0.0, "/camera/mirror": 1.0}, window) == "glimpse-1.png"
    assert [(seeing.mix, seeing.mirror) for seeing in window.asked] == [(1.0, True)]
    assert not model.guides.silent


def test_where_the_camera_shows_nothing_what_looks_for_it_rests(model, folder, lineage):
    led_by(model, folder, Control("canny", "edge", "camera"))
    assert lead(model, lineage, {}, blind) == ""
    assert model.guides.silent


def test_the_knobs_say_how_firmly(model, folder, lineage):
    led_by(model, folder, Control("canny"), Likeness("ip"))
    lead(model, lineage, {"/restore/control/strength": 0.0, "/restore/likeness/scale": 0.0}, blind)
    assert model.guides.silent


def test_what_cannot_be_led_is_shown_nothing(lineage):
    window = Window()
    assert lead(Nobody(), lineage, {}, window) == ""
    assert window.asked == []
