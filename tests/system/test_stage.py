"""The stage as the conductor starts it: a spawned process on real wires, fed from here, headless."""

import signal
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pytest
from PIL import Image

from installation.images import load
from installation.records import Order
from installation.stage.process import PREVIEW
from tests.stage.performance import KNOBS, Performance
from tests.support import until

pytestmark = pytest.mark.system
WRITER = """
import sys
from pathlib import Path
import numpy as np
from installation.machine.ring import Ring
ring = Ring(Path(sys.argv[1]))
pixels = np.full((64, 64, 3), 128, np.uint8)
while True:
    ring.write(pixels, stamp_ns=0, generation=0, phase="restore", temperature=0.0)
"""


@pytest.fixture
def perform(tmp_path, monkeypatch):
    """Starts a headless stage once it is ready; ends it with the test."""
    for display in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(display, raising=False)
    performances = []

    def start(**arguments):
        performances.append(Performance(tmp_path, **arguments))
        until(lambda: performances[-1].heard("ready"), within=30)
        return performances[-1]

    yield start
    for performance in performances:
        performance.end()


@pytest.fixture
def white(tmp_path):
    Image.new("RGB", (64, 64), (255, 255, 255)).save(tmp_path / "white.png")
    return tmp_path / "white.png"


def test_without_a_display_it_says_so_in_one_sentence_and_where_to_look_instead(perform, tmp_path):
    stage = perform()
    ready = stage.heard("ready").data
    assert ready == {"headless": True, "driver": "dummy", "size": [320, 180], "preview": str(tmp_path / PREVIEW)}
    lines = [report.data["text"] for report in stage.reports if report.name == "log"]
    assert len(lines) == 1
    assert str(tmp_path / PREVIEW) in lines[0]


def test_there_are_embers_before_any_frame_exists_and_the_preview_shows_them_move(perform):
    stage = perform()
    until(stage.preview.exists)
    first = load(stage.preview, 90, 160)
    assert stage.ring.newest == 0
    assert first.max() > 20
    until(lambda: not np.array_equal(load(stage.preview, 90, 160), first))


def test_the_origin_is_shown_before_any_frame_exists(perform, white):
    stage = perform(origin=white)
    stage.light(0.95, 1.0)
    assert stage.vitals["shown"] == 0
    assert stage.ring.newest == 0


def test_frames_take_the_origins_place(perform, white):
    stage = perform(origin=white)
    serial = stage.show(0)
    stage.light(0.0, 0.001)
    assert stage.vitals["shown"] == serial


def test_a_damaged_origin_is_a_line_in_the_log_and_not_an_end(perform, tmp_path):
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"\x89PNG\r\n\x1a\n")
    stage = perform(origin=damaged)
    until(lambda: stage.logged("damaged.png"))
    stage.show(255)
    stage.light(0.95, 1.0)


def test_an_origin_that_is_ordered_is_shown_until_a_newer_frame_comes(perform, white):
    stage = perform()
    stage.show(0)
    stage.light(0.0, 0.001)
    stage.pipe.send(Order("origin", {"path": str(white)}))
    stage.light(0.95, 1.0)
    stage.show(0)
    stage.light(0.0, 0.001)


@pytest.mark.parametrize(
    ("address", "value"), [("/stage/brightness", 0.0), ("/stage/black", 1.0), ("/programme/open", 0.0)]
)
def test_the_wall_goes_black_on_purpose_and_comes_back(perform, address, value):
    stage = perform()
    stage.show(255)
    stage.light(0.95, 1.0)
    stage.board.write({address: value})
    stage.light(0.0, 0.0)
    stage.board.write({address: KNOBS[address]})
    stage.light(0.95, 1.0)


def test_the_flip_that_obeyed_a_knob_says_so_by_the_boards_revision(perform):
    stage = perform()
    stage.board.write({"/stage/brightness": 0.5})
    until(lambda: stage.vitals["revision"] == stage.board.revision)
    assert stage.vitals["flip_ns"] > 0


def test_held_it_takes_no_frames_and_released_it_takes_the_newest(perform):
    stage = perform()
    stage.show(255)
    stage.light(0.95, 1.0)
    stage.board.write({"/stage/hold": 1.0})
    until(lambda: stage.vitals["revision"] == stage.board.revision)
    serial, frames = stage.show(0), stage.vitals["frames"]
    until(lambda: stage.vitals["frames"] > frames + 10)
    assert stage.vitals["light"] > 0.95
    stage.board.write({"/stage/hold": 0.0})
    stage.light(0.0, 0.001)
    assert stage.vitals["shown"] == serial


def test_only_generations_are_shown_when_only_they_are_wanted(perform):
    stage = perform()
    stage.board.write({"/stage/show": 2.0})
    until(lambda: stage.vitals["revision"] == stage.board.revision)
    wanted = stage.show(255, "generation")
    for phase in ("burn", "restore"):
        stage.show(0, phase)
    stage.light(0.95, 1.0)
    assert stage.vitals["shown"] == wanted


def test_when_frames_stop_the_picture_goes_on_burning_until_they_come_again(perform):
    stage = perform()
    stage.show(200)
    until(lambda: stage.vitals["shown"] == 1 and not stage.vitals["burning_on"])
    stage.board.write({"/stage/patience": 0.2})
    until(lambda: stage.vitals["burning_on"])
    for _ in range(10):
        seen = stage.vitals["light"]
        until(partial(lambda seen: stage.vitals["light"] != seen, seen))
    stage.board.write({"/stage/patience": 60.0})
    until(lambda: stage.vitals["revision"] == stage.board.revision)
    stage.show(255)
    stage.light(0.95, 1.0)
    assert not stage.vitals["burning_on"]


def test_writers_killed_in_mid_write_do_not_stop_it(perform):
    stage = perform()
    for _ in range(3):
        before = stage.ring.newest
        writer = subprocess.Popen([sys.executable, "-c", WRITER, stage.wires.ring])
        until(partial(lambda before: stage.vitals["shown"] > before, before), within=60)
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
    serial = stage.show(255)
    until(lambda: stage.vitals["shown"] == serial)
    stage.light(0.95, 1.0)


def test_reborn_in_the_middle_of_a_show_it_shows_the_newest_frame_and_not_the_origin(perform, white):
    stage = perform(origin=white)
    serial = stage.show(0)
    until(lambda: stage.vitals["shown"] == serial)
    stage.process.kill()
    stage.process.join(10)
    stage.vitals.write({"shown": 0.0})
    stage.begin(white)
    until(lambda: stage.vitals["shown"] == serial, within=30)
    stage.light(0.0, 0.001)


def test_an_order_it_does_not_know_is_logged_and_nothing_else(perform):
    stage = perform()
    stage.pipe.send(Order("dance"))
    until(lambda: stage.logged("'dance'"))
    assert stage.process.is_alive()


def test_a_flood_of_orders_does_not_stop_the_picture(perform, white):
    stage = perform()
    stop = threading.Event()

    def flood():
        while not stop.is_set():
            stage.pipe.send(Order("origin", {"path": str(white)}))

    flooding = threading.Thread(target=flood)
    flooding.start()
    try:
        frames = stage.vitals["frames"]
        until(lambda: stage.vitals["frames"] > frames + 20, within=60)
    finally:
        stop.set()
        flooding.join(20)


def test_told_to_quit_it_leaves_in_order(perform):
    stage = perform()
    stage.pipe.send(Order("quit"))
    stage.process.join(10)
    assert stage.process.exitcode == 0


def test_terminated_it_leaves_in_order(perform):
    stage = perform()
    stage.process.terminate()
    stage.process.join(10)
    assert stage.process.exitcode == 0


def test_it_leaves_when_the_conductor_is_gone(perform):
    stage = perform()
    stage.pipe.close()
    stage.process.join(10)
    assert stage.process.exitcode == 0


def test_a_state_folder_that_cannot_be_written_stops_no_picture(perform, tmp_path):
    stage = perform()
    (tmp_path / PREVIEW).unlink(missing_ok=True)
    (tmp_path / PREVIEW).mkdir()
    until(lambda: stage.logged("No preview"))
    stage.show(255)
    stage.light(0.95, 1.0)
