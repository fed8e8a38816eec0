"""Collapse: a generation of words is to stay under 5 s on a CPU, one of pictures under 3 minutes beside the show.

The show beside it is to keep 60 % of its rate. It runs only with ``--benchmark-enable``, for some five minutes.
"""

import time

import pytest
from pythonosc.udp_client import SimpleUDPClient

from installation.collapse.text import Settings, first, load, retrain
from installation.machine.files import share
from installation.randomness import generator
from tests.support import until
from tests.system.performance import performing, scene_file

pytestmark = pytest.mark.bench


@pytest.mark.benchmark(group="a generation of 8,045 words")
@pytest.mark.parametrize(
    "settings", [Settings(), Settings(temperature=1.0), Settings(beam=5)], ids=["cold", "warm", "beam"]
)
def test_a_generation_of_words(benchmark, settings):
    real = load(share("assets") / "texts" / "moby-dick.txt")
    zero = first(real, settings.order)
    assert benchmark(lambda: retrain(zero, real, settings, generator(1, 1))).serial == 1


# ---------------------------------------------------------------- pictures, beside the show
ALONE = 30.0  # seconds


def rate(show, ended):
    """Generations a second until ``ended``, and the seconds that took."""
    serial, begun = show.generation(), time.monotonic()
    until(ended, 600.0)
    seconds = time.monotonic() - begun
    return (show.generation() - serial) / seconds, seconds


@pytest.mark.timeout(900)
def test_a_generation_of_pictures_beside_the_show(tmp_path, measured, said):
    if not measured:
        pytest.skip("takes five minutes: --benchmark-enable")
    scene = scene_file(tmp_path, restorer="ember", loop="pace = 0.0\nstages = 0").read_text()
    (tmp_path / "little.toml").write_text(scene.replace("size = 64", "size = 256"))
    with (
        performing(tmp_path / "little.toml", tmp_path / "state", "--fresh", "--for", "900s") as show,
        SimpleUDPClient("127.0.0.1", show.port) as osc,
    ):
        show.reaches(20)
        over = time.monotonic() + ALONE
        alone, _ = rate(show, lambda: time.monotonic() > over)
        osc.send_message("/collapse/start", "beside")
        until(lambda: "beside, generation 0:" in show.said(), 600.0)
        beside, seconds = rate(show, lambda: "beside, generation 1:" in show.said())
        show.stop()
    said(
        f"Alone {alone:.2f} generations/s, beside a collapse {beside:.2f}: {beside / alone:.0%}. "
        f"A generation of 256 pictures of 128 pixels: {seconds:.0f} s."
    )
    assert beside > 0.0
