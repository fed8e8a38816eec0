"""Text over the picture: laying it without a card, beside a plain copy of the frame, and drawing it anew."""

import numpy as np
import pytest

from installation.stage.overlay import composed
from installation.stage.overlays.hanging import Hanging
from installation.stage.overlays.still import KINDS
from tests.stage.overlays.drawing import FIGURES, AtOnce, sign

pytestmark = pytest.mark.bench

CANVASES = [(1280, 720), (1920, 1080)]
BLUE_FIRST = (2, 1, 0)
SIGNS = (
    sign(kind="caption", text="A machine is shown one photograph and asked to remember it. " * 3),
    sign(kind="counter", text="{generation}", where="top-right"),
    sign(kind="curve", reading="entropy"),
    sign(kind="ticker", items=["ENTROPY {reading:entropy:.2f} bit", "MEMORY {reading:memory:.0%}"]),
)


def overlays(canvas):
    """Four signs, faded in."""
    hanging = Hanging(AtOnce())
    hanging.hang(SIGNS)
    for frame in range(300):
        seen = hanging.overlays(frame / 30, FIGURES, canvas)
    return seen


@pytest.mark.benchmark(group="overlays laid over a frame")
@pytest.mark.parametrize("canvas", CANVASES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("work", ["composed", "copied"])
def test_laying_overlays_beside_copying_the_frame(benchmark, work, canvas):
    frame, seen = np.full((canvas[1], canvas[0], 4), 128, np.uint8), overlays(canvas)
    works = {"composed": lambda: composed(frame, seen, BLUE_FIRST), "copied": frame.copy}
    assert benchmark(works[work]).shape == frame.shape


@pytest.mark.benchmark(group="a sign drawn anew at 1920 x 1080")
@pytest.mark.parametrize("what", SIGNS[:3], ids=lambda what: what.kind)
def test_drawing(benchmark, what):
    content = KINDS[what.kind].content(what, FIGURES)
    assert benchmark(lambda: KINDS[what.kind].draw(content, what, (1920, 1080))).pixels.max() == 255
