"""Benchmarks: what this machine really does, with the conditions beside every figure and a peer in the same run.

Starting and dying are timed at the program as a user starts it; the loop alone in this process; the show (stage,
latency, recorder, memory) is a real performance of twenty seconds in real processes, watched through their vital signs.
"""

from __future__ import annotations

import os
import platform
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from installation import images, scenes, trial
from installation.machine.child import Phase
from installation.machine.files import share
from installation.panels import all_knobs
from installation.readings.sensors import open_cards, open_processor

if TYPE_CHECKING:
    from installation.conductor import Conductor
    from installation.machine.settings import Settings
    from installation.models.race import Conditions, Lap
    from installation.restorers.diffusion import Diffusion
    from installation.trial import Trial

SIZE = 256
WARM_UP, TURNS = 3, 20
GESTURES = 60
SCENE, STARTING = "machine-dementia", 180.0  # seconds at most
SHOW_SECONDS = 20.0
GESTURE_TIMEOUT = 2.0
ADDRESS = "/stage/brightness"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: its name, its value with unit, and under which conditions."""

    name: str
    value: str
    conditions: str


def measure(settings: Settings) -> Iterator[Figure]:
    """All figures, as they are made."""
    conditions = f"Python {platform.python_version()}, torch {version('torch')}, load {os.getloadavg()[0]:.1f} before"
    yield Figure("machine", f"{os.cpu_count()} cores, {platform.machine()}", conditions)
    yield from beginnings(SCENE)
    yield from _show(settings)  # first: this process is the conductor, and must not have torch in its memory yet
    yield from _loops(settings)


@dataclass(frozen=True, slots=True)
class Contest:
    """Which pipeline is raced, and how: a stand-in's name or a folder; ``dtype`` None is the machine's own."""

    model: str
    size: int | None = None
    steps: int = 1
    batches: tuple[int, ...] = ()
    decoder: str = "tiny"
    dtype: str | None = None
    seconds: float = 3.0


def contestants(contest: Contest, settings: Settings) -> tuple[Conditions, Iterator[Lap]]:
    """The conditions of a race, and its laps as they are run. Raises ``ModelError``."""
    from installation.models import race

    model, weights = pipeline_of(contest, settings)
    model.leaper.compiles = settings.engine.compile
    small = model.pipe.vae.device.type == "cpu"
    batches = contest.batches or ((1, 2) if small else (1, 4, 16))
    size = contest.size or (256 if small else 512)
    course = race.Course(size, contest.steps, batches, contest.decoder, contest.seconds)
    known = race.conditions(model, weights, course)
    counters = (open_cards(), open_processor(settings.energy.processor_tdp))
    return known, race.laps(model, course, known, counters)


def pipeline_of(contest: Contest, settings: Settings) -> tuple[Diffusion, str]:
    """The pipeline of a contest on this machine's device, and a word for its weights. Raises ``ModelError``."""
    import torch

    from installation.models.stand_in import STAND_INS, stand_in
    from installation.restorers import precision
    from installation.restorers.shelf import pipeline

    torch.set_num_threads(settings.engine.threads or os.cpu_count() or 1)
    asked, card = settings.engine.device, torch.cuda.is_available()
    device = torch.device(("cuda" if card else "cpu") if asked == "auto" else asked)
    dtype = precision.wanted(contest.dtype or settings.engine.dtype, device) or torch.float16  # as UNets are taught
    if contest.model in STAND_INS:
        return stand_in(contest.model, device, dtype), f"{contest.model}'s architecture, random weights"
    return pipeline(contest.model, settings.engine.models, device, dtype), contest.model


def beginnings(scene: str, program: Sequence[str] = trial.PROGRAM) -> Iterator[Figure]:
    """How long it is black when the power comes back, and how long the picture burns on alone when the engine dies."""
    with (
        tempfile.TemporaryDirectory(prefix="burntout-bench-") as state,
        trial.playing(scene, Path(state), program) as show,
    ):

        def figure(name: str, true: Callable[[], bool], since: float) -> Figure:
            show.until(true, STARTING)
            where = f"{scene}, default settings, a process of its own, load {os.getloadavg()[0]:.1f}"
            return Figure(name, f"{time.monotonic() - since:.1f} s", where)

        yield figure("command to first picture", lambda: show.vital("stage", "frames") >= 1, show.began)
        yield figure("command to first generation", lambda: show.vital("engine", "serial") >= 1, show.began)
        pid, killed = int(show.vital("engine", "pid")), time.monotonic()
        os.kill(pid, signal.SIGKILL)
        yield figure("SIGKILL of the engine to the next generation", lambda: _plays_anew(show, pid), killed)


def _plays_anew(show: Trial, pid: int) -> bool:
    """Whether another engine than that one has finished a generation."""
    return show.vital("engine", "pid") != pid and show.vital("engine", "phase") == Phase.RUNNING


def _loops(settings: Settings) -> Iterator[Figure]:
    import torch

    from installation.loop.stopwatch import turn_seconds
    from installation.restorers.shelf import load

    origin = images.to_tensor(images.load(share("assets") / "origins" / "cat.png", SIZE, SIZE))
    torch.set_num_threads(settings.engine.threads or os.cpu_count() or 1)
    for name, steps in (("ember", 1), ("ember", 2), ("archive", 2)):
        restorer = load(name, None, settings.engine.models, "cpu")
        rate = 1.0 / statistics.median(turn_seconds(restorer, origin, steps, TURNS))
        conditions = (
            f"{SIZE} x {SIZE}, {steps} steps, no visible stages, median of {TURNS}, {torch.get_num_threads()} threads"
        )
        yield Figure(f"{name} generations/s", f"{rate:.1f}", conditions)
    yield _against_diffusers(load("ember", None, settings.engine.models, "cpu"))


def _against_diffusers(ember: Any) -> Figure:
    """One denoising call of ember against diffusers' plain float32 call of the very same network."""
    import copy

    import torch

    from installation.loop.stopwatch import timed

    x = torch.randn(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    plain = copy.deepcopy(ember.network).float()
    bands = torch.nn.functional.pixel_unshuffle(x, 8)
    level = torch.tensor([0.0])
    told = None if plain.class_embedding is None else ember.conditions.caption(())

    def peer() -> None:
        with torch.no_grad():
            plain(bands, level, class_labels=told)

    ours, theirs = (statistics.median(timed(once, TURNS)) for once in (lambda: ember.denoise(x, 1.0), peer))
    conditions = f"{ours * 1e3:.0f} ms with wavelets in {ember.network.dtype}, peer {theirs * 1e3:.0f} ms in float32"
    return Figure("ember step / diffusers' UNet2DModel call", f"{ours / theirs:.2f}", conditions)


def _show(settings: Settings) -> Iterator[Figure]:
    """A real performance, headless or not as this session has it, at 1920 x 1080, as fast as it can, recording."""
    from installation.conductor import Conductor, Performance
    from installation.machine.settings import Settings as Settings_

    with tempfile.TemporaryDirectory(prefix="burntout-bench-") as state:
        stage = settings.stage.model_copy(update={"width": 1920, "height": 1080})
        osc = settings.osc.model_copy(update={"port": 0})
        changed = Settings_(
            state=Path(state), stage=stage, osc=osc, engine=settings.engine, recording=settings.recording
        )
        conductor = Conductor(changed, Performance(_scene(Path(state)), seed=1, record=True, seconds=SHOW_SECONDS))
        watching = threading.Thread(target=conductor.perform, name="show")
        watching.start()
        yield from _watch(conductor)
        watching.join(60.0)


def _scene(folder: Path) -> scenes.Scene:
    """The main work as fast as it can, with two steps."""
    path = folder / "bench.toml"
    path.write_text(
        'title = "Bench"\norigin = "cat"\nrestorer = "ember"\n'
        "[burn.gaussian]\ntemperature = 0.5\n[restore]\nsteps = 2\n[loop]\npace = 0.0\nstages = 0\n"
    )
    return scenes.load(path, all_knobs(), share("assets"))


def _watch(conductor: Conductor) -> Iterator[Figure]:
    _until(lambda: conductor.health().state == "playing" and conductor.health().serial > WARM_UP, 120.0)
    began, serial = time.monotonic(), conductor.health().serial
    latencies = [latency for number in range(GESTURES) if (latency := _gesture(conductor, number)) is not None]
    _until(lambda: time.monotonic() - began > SHOW_SECONDS / 2, SHOW_SECONDS)
    health, lasted = conductor.health(), time.monotonic() - began
    memory = {name: psutil.Process(pid).memory_info().rss for name, pid in conductor.pids().items()}
    where = f"ember, 2 steps, 1920 x 1080 stage, recording, {lasted:.0f} s"
    yield Figure("show generations/s", f"{(health.serial - serial) / lasted:.1f}", where)
    yield Figure("stage frames/s", f"{health.stage_fps:.0f}", where)
    yield Figure("longest gap between frames", f"{health.worst_gap_ms:.0f} ms", where)
    yield Figure("OSC to frame", _quantiles(latencies), f"{len(latencies)} of {GESTURES} packets to {ADDRESS}; {where}")
    yield Figure("recorder frames dropped", str(health.dropped_frames), where)
    for name, rss in memory.items():
        yield Figure(f"memory of the {name}", f"{rss / 2**20:.0f} MiB", "resident, " + where)


def _gesture(conductor: Conductor, number: int) -> float | None:
    """Milliseconds from sending a packet to the first frame that shows it; None when none did in time."""
    from installation.control.osc import send

    revision, sent = conductor.board_revision, time.monotonic_ns()
    send("127.0.0.1", conductor.doors.port or 0, ADDRESS, [f"{0.5 + number % 2 / 4:.2f}"])
    seen = _until(lambda: conductor.vitals("stage")["revision"] > revision, GESTURE_TIMEOUT)
    return (conductor.vitals("stage")["flip_ns"] - sent) / 1e6 if seen else None


def _quantiles(values: list[float]) -> str:
    if len(values) < 2:  # noqa: PLR2004 - no quantiles of one
        return "none arrived"
    worst = statistics.quantiles(values, n=100, method="inclusive")[98]
    return f"median {statistics.median(values):.0f} ms, p99 {worst:.0f} ms"


def _until(true: Callable[[], bool], within: float) -> bool:
    waiting, deadline = threading.Event(), time.monotonic() + within
    while not true():
        if time.monotonic() > deadline:
            return False
        waiting.wait(0.001)
    return True
