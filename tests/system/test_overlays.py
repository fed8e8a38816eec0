"""Text on the wall of a stage as the conductor starts it: shown by order, and gone where black is meant."""

import numpy as np
import pytest
from PIL import Image

from installation.records import Order
from installation.signs import Sign
from tests.stage.performance import Performance
from tests.support import until

pytestmark = pytest.mark.system
FULL = Sign("counter", "centre", 0.4, 0.5, 0.2, text="888")


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """A headless stage that shows black and has been told to write a large number over it."""
    for display in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(display, raising=False)
    stage = Performance(tmp_path)
    until(lambda: stage.heard("ready"), within=30)
    stage.show(0)
    stage.pipe.send(Order("overlays", {"signs": (FULL,)}))
    yield stage
    stage.end()


def seen(stage):
    """The preview, once it is written: H x W x 3."""
    if not stage.preview.exists():
        return np.zeros((1, 1, 3), np.uint8)
    with Image.open(stage.preview) as preview:
        return np.asarray(preview)


def written(stage):
    """Whether something nearly white is seen: the embers before it are red."""
    return seen(stage).min(axis=2).max() > 200


def test_a_sign_is_written_over_the_picture_and_a_panic_blackens_it_too(stage):
    stage.light(0.0, 0.001)  # the picture itself is black
    until(lambda: written(stage), within=20)
    stage.board.write({"/stage/black": 1.0})
    until(lambda: not seen(stage).any(), within=20)


def test_overlays_are_off_by_their_knob(stage):
    stage.light(0.0, 0.001)
    until(lambda: written(stage), within=20)
    stage.board.write({"/stage/overlays": 0.0})
    until(lambda: not seen(stage).any(), within=20)
