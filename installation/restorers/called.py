"""Pipelines that are called whole: every diffusers family that takes an image, a strength and a callback.

Their loops are their own. The temperature becomes the pair of step count and strength whose first noise level is
nearest; what can be shown of a step are its latents as they stand, with the noise that is still in them. Tested on a
tiny Flux; of SANA-Sprint only its schedule; the others (SD 3, Chroma, Z-Image, AuraFlow) promise the same arguments.
"""

from __future__ import annotations

import inspect
import math
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.records import Step
from installation.restorers.latents import clean_image, decode, require_sides
from installation.restorers.lesions import Weights
from installation.restorers.protocol import ModelError
from installation.restorers.sampling import SIGMA_MIN

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator as Dice
    from installation.records import Burnt, Image
    from installation.restorers.protocol import Restoring

SEQUENCE = 3  # dimensions of latents laid out as a sequence, B x L x C, as Flux does
PATCH = 16  # pixels: two latents of eight pixels each, which is what a transformer's patch spans
MOST_STEPS = 60  # of the whole schedule, of which only the last are walked
LOUDEST = 80.0  # sigma: pure noise, as a medium at T = 1 names it
STEP_PATIENCE = 120.0  # seconds for one step of a 12 GB model on a slow card; the supervisor's limit is shorter
CLOSING_PATIENCE = 30.0  # seconds for a step that is under way when nobody wants it any more
NEEDED = frozenset({"image", "strength", "num_inference_steps", "callback_on_step_end", "generator"})


class Called:
    """A pipeline behind the restorers' protocol that runs its own loop, in a thread that waits for its reader."""

    name = "diffusion"

    def __init__(self, pipe: Any, digest: str) -> None:
        if "scaling_factor" not in pipe.vae.config or not hasattr(pipe, "transformer"):
            raise ModelError(f"{type(pipe).__name__} cannot be shown step by step. Use Stable Diffusion or Flux.")
        self.pipe, self.digest = pipe, digest
        self.weights = Weights(pipe.transformer)
        self._text = ""
        pipe.set_progress_bar_config(disable=True)

    def prompt(self, text: str) -> None:
        """From the next generation on, restore towards these words."""
        self._text = text

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Dice) -> Iterator[Step]:
        """Yield every step; ``denoised`` holds the noise still left, until the last. ``knobs.churn`` is not heard.

        The pipeline's dice are torch's, seeded with one draw from ``rng``. Raises ``ModelError`` when a side is no
        multiple of what the model's patches span.
        """
        factor = max(self.pipe.vae_scale_factor, PATCH)
        require_sides(burnt.image, factor)
        return self._walk(burnt, knobs, rng)

    def _walk(self, burnt: Burnt, knobs: Restoring, rng: Dice) -> Iterator[Step]:
        shown = burnt.image
        if burnt.sigma <= SIGMA_MIN:
            yield Step(0, burnt.sigma, shown / burnt.signal, shown / burnt.signal)
            return
        size = shown.shape[-2:]
        arguments = self._arguments(burnt, rng) | plan(self.pipe.scheduler, knobs.steps, burnt.sigma, size)
        for index, (timestep, latents) in enumerate(pulled(lambda hear: self._run(arguments, hear))):
            picture = self._show(latents, size).to(burnt.image)
            yield Step(index, noise_at(self.pipe.scheduler, float(timestep)), shown, picture, noisy=False)
            shown = picture

    def _show(self, latents: torch.Tensor, size: tuple[int, ...]) -> Image:
        """Latents, packed as the pipeline packs them or not, to B x 3 x H x W in -1 to 1, float32."""
        if latents.ndim == SEQUENCE:
            latents = self.pipe._unpack_latents(latents, *size, self.pipe.vae_scale_factor)  # noqa: SLF001 - no other door
        # trigonometric flow (SANA-Sprint) works on latents scaled to the standard deviation of its data
        return decode(self.pipe.vae, latents / self.pipe.scheduler.config.get("sigma_data", 1.0))

    def _arguments(self, burnt: Burnt, rng: Dice) -> dict[str, Any]:
        import torch

        image = clean_image(burnt)
        given = {
            "prompt": [self._text] * len(image),
            "image": (image.clamp(-1.0, 1.0) + 1.0) / 2.0,
            "generator": torch.Generator("cpu").manual_seed(int(rng.integers(2**63))),
            "height": image.shape[-2],
            "width": image.shape[-1],
            "output_type": "latent",
        }
        # a network that is told a guidance has never seen 0; the others would do each step twice for it
        told = self.pipe.transformer.config.get("guidance_embeds")
        return given if told else given | {"guidance_scale": 0.0}

    def _run(self, arguments: dict[str, Any], hear: Callable[[Any], bool]) -> None:
        import torch

        def on_step_end(pipe: Any, index: int, timestep: Any, kept: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
            pipe._interrupt = not hear((timestep, kept["latents"]))  # noqa: SLF001 - how diffusers' own documents stop a pipeline
            return {}

        with torch.no_grad():
            self.pipe(**arguments, callback_on_step_end=on_step_end)


def image_form(name: str) -> Any:
    """The image-to-image class of a pipeline that a folder names. Raises ``ModelError`` when there is none of use."""
    import diffusers

    forms = [name if "Img2Img" in name else name.replace("Pipeline", "Img2ImgPipeline"), name]
    for family in (getattr(diffusers, form, None) for form in forms):
        if family is not None and inspect.signature(family.__call__).parameters.keys() >= NEEDED:
            return family
    raise ModelError(f"{name} has no image-to-image form that this diffusers can steer. Use Stable Diffusion or Flux.")


def plan(scheduler: Any, steps: int, sigma: float, size: tuple[int, ...]) -> dict[str, Any]:
    """The arguments that make a pipeline walk exactly ``steps`` steps from the noise nearest to ``sigma``.

    Trigonometric flow (SANA-Sprint) takes the angle itself, atan sigma. Flow matching: s = sigma / (1 + sigma), met by
    the choice of how many steps the whole schedule has; the strength is set a hair low, as pipelines round it up.
    """
    if type(scheduler).__name__ == "SCMScheduler":
        angle = math.atan(sigma)
        return {"num_inference_steps": steps, "max_timesteps": angle, "intermediate_timesteps": None, "strength": 1.0}
    wanted = sigma / (1.0 + sigma)
    starts = {total: first_level(scheduler, total, steps, size) for total in range(steps, max(MOST_STEPS, steps) + 1)}
    total = min(starts, key=lambda count: (abs(starts[count] - wanted), count))
    return {"num_inference_steps": total, "strength": (steps - 1e-3) / total}


def noise_at(scheduler: Any, timestep: float) -> float:
    """The sigma of a scheduler's own timestep: an angle in trigonometric flow, s in thousandths in flow matching."""
    if type(scheduler).__name__ == "SCMScheduler":
        return min(math.tan(timestep), LOUDEST)
    s = timestep / float(scheduler.config.num_train_timesteps)
    return min(s / (1.0 - s), LOUDEST) if s < 1.0 else LOUDEST


def first_level(scheduler: Any, total: int, steps: int, size: tuple[int, ...]) -> float:
    """The flow-matching time s, 0 to 1, of the first of the last ``steps`` of ``total`` steps."""
    shifted = {"mu": _mu(scheduler.config, size)} if scheduler.config.get("use_dynamic_shifting") else {}
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 1.0 / total, total), **shifted)
    return float(scheduler.sigmas[total - steps])


def pulled(push: Callable[[Callable[[Any], bool]], object]) -> Generator[Any, None, None]:
    """Turn a function that pushes items into a callback into an iterator that is one item ahead at most.

    The callback answers False once the reader has gone, so that ``push`` can stop. What ``push`` raises is raised
    here. Raises ``ModelError`` when an item takes longer than ``STEP_PATIENCE``.
    """
    items: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=1)
    gone = threading.Event()

    def hear(item: Any, kind: str = "item") -> bool:
        while not gone.is_set():
            try:
                items.put((kind, item), timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            push(hear)
        except Exception as error:  # noqa: BLE001 - handed over to the reader, who raises it
            hear(error, "error")
        else:
            hear(None, "end")

    worker = threading.Thread(target=work, name="pipeline", daemon=True)
    worker.start()
    try:
        yield from _read(items)
    finally:
        gone.set()
        worker.join(CLOSING_PATIENCE)


def _read(items: queue.Queue[tuple[str, Any]]) -> Iterator[Any]:
    while True:
        try:
            kind, item = items.get(timeout=STEP_PATIENCE)
        except queue.Empty:
            raise ModelError(
                f"The model was silent for {STEP_PATIENCE:.0f} s within a step. Choose a smaller one."
            ) from None
        if kind == "error":
            raise item
        if kind == "end":
            return
        yield item


def _mu(config: Any, size: tuple[int, ...]) -> float:
    """The shift of the schedule that larger pictures get: a line through two sizes (Esser et al. 2024, as in Flux)."""
    tokens = math.prod(size) / 16**2
    low, high = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    base, most = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    return float(base + (most - base) * (tokens - low) / (high - low))
