"""What holds too much memory is asked to leave, and finds the moment that nobody notices."""

import pytest
import torch

from installation.loop.checkpoints import NAME
from installation.records import Order
from tests.stage.performance import Performance
from tests.support import until
from tests.test_engine import Show

pytestmark = pytest.mark.system


@pytest.fixture
def show(tmp_path):
    """An engine in a thread."""
    threads = torch.get_num_threads()
    playing = Show(tmp_path, "archive")
    yield playing
    playing.board.close()
    torch.set_num_threads(threads)  # which the engine has set for itself


def test_the_engine_leaves_between_two_generations_and_the_next_life_goes_on_where_it_stood(show):
    show.board.write({"/loop/pace": 0.2})
    show.hear("generation")
    show.order("leave")
    show.thread.join(60.0)
    assert not show.thread.is_alive()
    serials = [report.data["serial"] for report in _rest(show) if report.name == "generation"]
    assert (show.wires.folder / NAME).exists()
    show.live()
    assert show.hear("generation")["serial"] == max(serials) + 1
    show.order("rest")
    show.order("leave")  # which needs no end of a generation now
    show.thread.join(60.0)
    assert not show.thread.is_alive()


def test_the_stage_leaves_only_when_the_wall_is_dark_on_purpose(tmp_path, monkeypatch):
    for display in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(display, raising=False)
    stage = Performance(tmp_path)
    try:
        until(lambda: stage.heard("ready"), within=60.0)
        stage.pipe.send(Order("leave"))
        flips = stage.vitals["frames"]
        until(lambda: stage.vitals["frames"] > flips + 5, within=60.0)
        stage.board.write({"/programme/open": 0.0})
        until(lambda: stage.vitals["light"] == 0.0, within=60.0)
        flips = stage.vitals["frames"]
        until(lambda: stage.vitals["frames"] > flips + 5, within=60.0)
        assert stage.process.is_alive()
        stage.pipe.send(Order("leave"))
        stage.process.join(60.0)
        assert stage.process.exitcode == 0
    finally:
        stage.end()


def _rest(show):
    """Everything it has reported."""
    while show.pipe.poll():
        show.reports.append(show.pipe.recv())
    return show.reports
