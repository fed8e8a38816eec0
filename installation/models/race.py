"""The race: one pipeline played in every way, in one run, against diffusers' own call of the very same networks.

Every figure is from pictures in memory to bytes in memory. What others have published is told as that, beside its own
conditions; nothing is measured of it here.
"""

from __future__ import annotations

import math
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from installation.images import to_pixels
from installation.models import roofline
from installation.randomness import generator
from installation.readings.register import Missing
from installation.records import Burnt
from installation.restorers import Restoring

if TYPE_CHECKING:
    import torch

    from installation.readings.sensors import Counter
    from installation.restorers.diffusion import Diffusion

HEAT = 0.6
LEAST = 3  # runs that are timed at least
WARM_UP = {"cuda": 4, "cpu": 1}  # runs before: a card records its work in the first, a processor only allocates
PEER = "diffusers' own call"
#: README of the project and arXiv:2312.12491: RTX 4090, TensorRT, TAESD, image to image, frame buffer 1, no guidance.
PUBLISHED, PUBLISHED_SIZE, PUBLISHED_STEPS = 93.897, 512, 1
PUBLISHED_AS = "StreamDiffusion, as published (SD-Turbo, RTX 4090, TensorRT)"


@dataclass(frozen=True, slots=True)
class Course:
    """What is run: pictures of ``size`` x ``size``, so many steps, walls of so many lineages, seconds for each way."""

    size: int = 512
    steps: int = 1
    batches: tuple[int, ...] = (1, 4, 16)
    decoder: str = "tiny"
    seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class Conditions:
    """What has to be known of every figure."""

    device: str
    driver: str
    software: str
    dtype: str
    threads: int
    weights: str
    size: int
    steps: int
    decoder: str
    compiles: bool
    peak_tflops: float
    tflop_per_image: float


@dataclass(frozen=True, slots=True)
class Lap:
    """One way of playing: images a second, the median of ``runs``; its ratio to the peer and to what is published.

    ``share`` is how much of the roofline it reaches, 0 to 1; ``joules`` those of an image, None without a sensor.
    """

    way: str
    batch: int
    images_per_second: float
    runs: int
    to_peer: float
    to_published: float | None
    share: float
    joules: float | None


def conditions(model: Diffusion, weights: str, course: Course) -> Conditions:
    """Everything that is alike for all laps; the work of a picture is counted and the peak measured now."""
    import torch

    device, dtype = model.pipe.vae.device, model.pipe.unet.dtype
    runs = Runs(model, course)
    work = roofline.flop(lambda: runs.played(1, "steps", "pixels"))
    return Conditions(
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU {platform.machine()}",
        driver=_driver() if device.type == "cuda" else "none",
        software=", ".join(f"{name} {version(name)}" for name in ("torch", "diffusers")),
        dtype=str(dtype).removeprefix("torch."),
        threads=torch.get_num_threads(),
        weights=weights,
        size=course.size,
        steps=course.steps,
        decoder=course.decoder,
        compiles=model.leaper.compiles,
        peak_tflops=roofline.peak(device, dtype) / 1e12,
        tflop_per_image=work / 1e12,
    )


def laps(model: Diffusion, course: Course, known: Conditions, counters: tuple[Counter, ...] = ()) -> Iterator[Lap]:
    """Every way, as it is timed; the peer first, for all others are told as ratios to it."""
    runs = Runs(model, course)
    peer: float | None = None
    for way, batch, once in runs.ways():
        taken, joules = _timed(once, course.seconds, WARM_UP[runs.device.type], counters)
        rate = batch / statistics.median(taken)
        peer = peer or rate
        comparable = (course.size, course.steps) == (PUBLISHED_SIZE, PUBLISHED_STEPS)
        yield Lap(
            way=way,
            batch=batch,
            images_per_second=rate,
            runs=len(taken),
            to_peer=rate / peer,
            to_published=rate / PUBLISHED if comparable else None,
            share=rate * known.tflop_per_image / known.peak_tflops,
            joules=None if joules is None else joules / (batch * len(taken)),
        )


class Runs:
    """The ways of playing one pipeline. Owns the pictures that it is played with."""

    def __init__(self, model: Diffusion, course: Course) -> None:
        """Random pictures, the same in every run."""
        import torch

        self._model, self._course = model, course
        self.device: torch.device = model.pipe.vae.device
        dice = torch.Generator().manual_seed(1)
        shape = (max(course.batches), 3, course.size, course.size)
        self._pictures = (torch.rand(shape, generator=dice) * 2.0 - 1.0).to(self.device)
        self._latents: torch.Tensor | None = None
        self._serial = 0

    def ways(self) -> Iterator[tuple[str, int, Callable[[], object]]]:
        """Name, pictures in a batch, and the work."""
        yield PEER, 1, self.peer
        yield "step by step", 1, lambda: self.played(1, "steps", "pixels")
        yield "at once", 1, lambda: self.played(1, "result", "pixels")
        yield "at once, latents fed back", 1, lambda: self.played(1, "result", "latents")
        for batch in self._course.batches[1:]:
            abreast = partial(self.played, batch, "result", "pixels")
            yield "at once, lineages abreast", batch, abreast

    def played(self, batch: int, show: str, feedback: str) -> list[Any]:
        """One generation of our own: burnt in latents, restored, and every picture of it as bytes."""
        import torch

        self._serial += 1
        picture, course = self._pictures[:batch], self._course
        latents = self._latents if feedback == "latents" else None
        # latents are burnt, by the restorer itself; the noise that an audience would see is no part of this
        burnt = Burnt(picture, HEAT, math.tan(math.pi * HEAT / 2.0), source=picture, latents=latents)
        knobs = Restoring(course.steps, decoder=course.decoder, show=show, feedback=feedback)
        *_, last = self._model.restore(burnt, knobs, generator(1, self._serial))
        self._latents = last.latents
        return [to_pixels(one) for one in torch.split(last.denoised, 1)]

    def peer(self) -> object:
        """The image-to-image call of diffusers as its documents show it, but with words already embedded."""
        import torch

        pipe, heard = self._model.pipe, self._model.condition()
        told = {"prompt_embeds": heard.embeddings}
        if heard.pooled is not None:
            told["pooled_prompt_embeds"] = heard.pooled
        own, self._serial = pipe.vae, self._serial + 1
        pipe.vae = self._model.autoencoders.chosen(self._course.decoder, last=True)
        try:
            with torch.no_grad():
                answer = pipe(
                    image=(self._pictures[:1] + 1.0) / 2.0,
                    strength=1.0,
                    num_inference_steps=self._course.steps,
                    guidance_scale=0.0,
                    generator=torch.Generator("cpu").manual_seed(self._serial),
                    **told,
                )
        finally:
            pipe.vae = own
        return answer.images


def _timed(
    once: Callable[[], object], seconds: float, warm_up: int, counters: tuple[Counter, ...]
) -> tuple[list[float], float | None]:
    """Seconds of every run, and joules of all of them together: each run ends with bytes, so nothing is left to do."""
    for _ in range(warm_up):
        once()
    began, before = time.monotonic(), _joules(counters)
    taken: list[float] = []
    while len(taken) < LEAST or time.monotonic() - began < seconds:
        run = time.perf_counter()
        once()
        taken.append(time.perf_counter() - run)
    after = _joules(counters)
    return taken, None if before is None or after is None else after - before


def _joules(counters: tuple[Counter, ...]) -> float | None:
    """What all sensors that there are have counted; None where there is none."""
    now = time.monotonic()
    found = [taken.number for counter in counters if not isinstance(taken := counter.joules(now), Missing)]
    return sum(found) if found else None


def _driver() -> str:
    import pynvml  # type: ignore[import-untyped] # NVIDIA ships none

    try:
        pynvml.nvmlInit()
        return str(pynvml.nvmlSystemGetDriverVersion())
    except pynvml.NVMLError as error:
        return f"unknown ({error})"


HEADS = ("way", "batch", "images/s", "ms", "ratio", "ratio*", "J/image", "roofline")


def row(lap: Lap) -> tuple[str, ...]:
    """A lap in a table's row."""
    return (
        lap.way,
        str(lap.batch),
        f"{lap.images_per_second:.3g}",
        f"{1e3 / lap.images_per_second:.4g}",
        f"{lap.to_peer:.2f}",
        "" if lap.to_published is None else f"{lap.to_published:.2f}",
        "-" if lap.joules is None else f"{lap.joules:.3g}",
        f"{lap.share:.1%}",
    )


def sentence(known: Conditions) -> str:
    """The conditions for a person."""
    compiled = "compiled" if known.compiles else "not compiled"
    return (
        f"{known.weights}; {known.size} x {known.size}, steps: {known.steps}, decoder: {known.decoder}, {known.dtype}, "
        f"{compiled}; {known.device}, driver {known.driver}, {known.threads} threads; {known.software}; "
        f"{known.tflop_per_image:.3f} TFLOP an image, at best {known.peak_tflops:.3g} TFLOP/s (matrices, now). "
        f"Ratios are to {PEER}; those with * to {PUBLISHED_AS}: {PUBLISHED} images/s."
    )


def report(known: Conditions, told: list[Lap]) -> dict[str, Any]:
    """Everything for another program."""
    published = {"name": PUBLISHED_AS, "images_per_second": PUBLISHED, "size": PUBLISHED_SIZE, "steps": PUBLISHED_STEPS}
    return {"conditions": asdict(known), "laps": [asdict(lap) for lap in told], "published": published}
