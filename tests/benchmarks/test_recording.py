"""Live recording at 1920 x 1080, with its peers in the same run: ``make bench``, or this file alone.

In ``make test`` everything runs once and briefly, and nothing is timed. Pictures are a photograph, enlarged, burnt and
restored again: between noise, which no codec likes, and the photograph. Beside the show the recorder's own process is
given 30 of them a second through a ring of its own; what it drops and what the show loses is printed.
"""

import importlib.util
import itertools
import os
import threading
import time

import cv2
import numpy as np
import psutil
import pytest

from installation.images import load
from installation.machine import wires as wiring
from installation.machine.board import Board
from installation.machine.ring import Ring
from installation.machine.settings import RecordingSettings
from installation.recording.recorder import RECORDER_VITALS
from installation.recording.segment import CODECS, Segment
from installation.recording.takes import load as load_take
from installation.records import Frame
from tests.conftest import ORIGIN
from tests.system.test_recorder import Seat

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

RATE = 30  # pictures a second
STAGES = (0.0, 0.1, 0.2, 0.3, 0.2, 0.1)  # how much of a picture is noise, turn after turn
IMAGEIO = ["imageio-ffmpeg"] if importlib.util.find_spec("imageio_ffmpeg") else []
PEERS = ["OpenCV FFV1", "OpenCV mp4v", *IMAGEIO]


@pytest.fixture(scope="module")
def pictures(measured):
    """Six different pictures, H x W x 3 uint8."""
    height, width = (1080, 1920) if measured else (36, 64)
    photograph = load(ORIGIN, height, width).astype(np.float32)
    rng = np.random.default_rng(1)
    burnt = [photograph + share_ * 127.5 * rng.standard_normal(photograph.shape, np.float32) for share_ in STAGES]
    return [np.clip(each, 0, 255).astype(np.uint8) for each in burnt]


# ------------------------------------------------------------------ a second of film
def by_us(codec):
    def write(path, shown):
        frames = (Frame(n, n * 10**9 // RATE, n, "burn", 0.0, pixels) for n, pixels in enumerate(shown, 1))
        first = next(frames)
        segment = Segment(path.with_suffix(".mkv"), CODECS[codec], first)
        for frame in itertools.chain([first], frames):
            segment.write(frame)
        segment.close()
        return segment.path

    return write


def by_opencv(letters, ending):
    def write(path, shown):
        path, size = path.with_suffix(ending), shown[0].shape[1::-1]
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*letters), RATE, size)
        assert writer.isOpened()
        for pixels in shown:
            writer.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        writer.release()
        return path

    return write


def by_imageio(path, shown):
    import imageio_ffmpeg  # type: ignore[import-not-found] # a peer, where it is installed

    path = path.with_suffix(".mp4")
    settings = {"fps": RATE, "codec": "libx264", "output_params": ["-preset", "veryfast", "-crf", "16"]}
    writer = imageio_ffmpeg.write_frames(str(path), shown[0].shape[1::-1], macro_block_size=1, **settings)
    writer.send(None)
    for pixels in shown:
        writer.send(pixels)
    writer.close()
    return path


WRITERS = {
    **{f"ours, {codec}": by_us(codec) for codec in CODECS},
    "OpenCV FFV1": by_opencv("FFV1", ".mkv"),
    "OpenCV mp4v": by_opencv("mp4v", ".mp4"),
    "imageio-ffmpeg": by_imageio,
}


def processor():
    """Seconds of processor that this process and its children have used: on a busy machine only these compare."""
    return sum(os.times()[:4])


@pytest.mark.benchmark(group="a second of film, 30 pictures of 1920 x 1080, processor time", timer=processor)
@pytest.mark.parametrize("who", [*(name for name in WRITERS if name.startswith("ours")), *PEERS])
def test_a_second_of_film(benchmark, pictures, measured, tmp_path, who):
    shown = list(itertools.islice(itertools.cycle(pictures), RATE if measured else 2))
    path = benchmark.pedantic(lambda: WRITERS[who](tmp_path / "film", shown), rounds=3 if measured else 1)
    benchmark.extra_info["MB"] = path.stat().st_size / 1e6
    assert path.stat().st_size > 0


# ------------------------------------------------------------------ beside the show
@pytest.fixture(scope="module")
def show(performed):
    with performed(web={"enabled": False}) as conductor:
        yield conductor


class Beside:
    """A recorder's own process with a ring of its own, into which pictures of any size fit."""

    def __init__(self, wires, pictures, codec):
        self._pictures, self.codec = pictures, codec
        Board.create(wires.vitals("recorder"), RECORDER_VITALS).close()
        self.ring = Ring.create(wires.ring, pictures[0].shape[0] * pictures[0].shape[1])
        self.seat = Seat(wires, RecordingSettings(codec=codec, reserve_bytes=0))

    def play(self, count):
        """Show it one more picture."""
        pixels = self._pictures[count % len(self._pictures)]
        self.ring.write(pixels, stamp_ns=time.monotonic_ns(), generation=count, phase="generation", temperature=0.0)

    def leave(self):
        """Stop it, and return what it reports and the seconds of processor it has used since its birth."""
        used = sum(psutil.Process(self.seat.process.pid).cpu_times()[:2])
        self.seat.tell("stop")
        closed = self.seat.hear("closed").data
        self.seat.end()
        return closed, used


@pytest.fixture(params=CODECS)
def recorder(request, tmp_path, pictures):
    """A recorder beside the show, with each codec."""
    wires = wiring.lay(tmp_path)
    yield Beside(wires, pictures, request.param)
    wiring.take_up(wires)


@pytest.fixture
def seconds(measured):
    return 30.0 if measured else 0.5


def pace(conductor, seconds, each=lambda _: None):
    """Generations and stage frames a second over so many seconds; ``each`` is called 30 times in each of them."""
    began, serial, frames = time.monotonic(), conductor.health().serial, conductor.vitals("stage")["frames"]
    never, count = threading.Event(), 0
    while (passed := time.monotonic() - began) < seconds:
        if passed * RATE >= count:
            each(count)
            count += 1
        never.wait(max(count / RATE - (time.monotonic() - began), 0.001))
    after = conductor.health().serial, conductor.vitals("stage")["frames"]
    return (after[0] - serial) / passed, (after[1] - frames) / passed


def test_beside_the_show(show, recorder, seconds, tmp_path, said):
    alone = pace(show, seconds)
    recorder.seat.start(tmp_path / "take")
    recorder.seat.hear("recording")
    loaded = pace(show, seconds, recorder.play)
    closed, used = recorder.leave()
    said(
        f"30 pictures a second of 1920 x 1080 beside the show, {recorder.codec}, {seconds:g} s: "
        f"{closed['frames']} recorded, {closed['dropped']} dropped, {used / seconds:.2f} cores, "
        f"{load_take(tmp_path / 'take').total_bytes / 1e6:.0f} MB; {loaded[0]:.2f} generations a second "
        f"(alone {alone[0]:.2f}), stage {loaded[1]:.1f} frames/s (alone {alone[1]:.1f})."
    )
    assert closed["frames"] + closed["dropped"] == recorder.ring.newest
