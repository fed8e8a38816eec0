"""Pipelines that are called whole: every diffusers family that takes an image, a strength and a callback.

Their loops are their own, but the noise levels are given to them: the first is exactly the burn's. What can be shown of
a step are its latents as they stand, with the noise that is still in them. Tested on tiny pipelines of SD 3.5, Flux,
SANA-Sprint, Z-Image and Qwen-Image; others (Chroma, AuraFlow) promise the same arguments.
"""

from __future__ import annotations

import inspect
import math
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from installation.records import Step
from installation.restorers import blends, embeddings
from installation.restorers.blends import Blend
from installation.restorers.embeddings import Memory, require_readable
from installation.restorers.latents import Autoencoders, can_be_read, clean_image, decode, require_sides
from installation.restorers.lesions import Weights
from installation.restorers.protocol import ModelError
from installation.restorers.sampling import SIGMA_MIN
from installation.restorers.thrift import Thrift

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator as Dice
    from installation.records import Burnt, Image
    from installation.restorers.protocol import Restoring

SILENCE = (("", 1.0),)
SEQUENCE = 3  # dimensions of latents laid out as a sequence, B x L x C, as Flux does
PATCH = 16  # pixels: two latents of eight pixels each, which is what a transformer's patch spans
LOUDEST = 80.0  # sigma: pure noise, as a medium at T = 1 names it
STEP_PATIENCE = 120.0  # seconds for one step of a 12 GB model on a slow card; the supervisor's limit is shorter
CLOSING_PATIENCE = 30.0  # seconds for a step that is under way when nobody wants it any more
NEEDED = frozenset({"image", "strength", "num_inference_steps", "callback_on_step_end", "generator"})


class Called:
    """A pipeline behind the restorers' protocol that runs its own loop, in a thread that waits for its reader."""

    name = "diffusion"

    def __init__(self, pipe: Any, digest: str, tiny: Any | None = None) -> None:
        if not can_be_read(pipe.vae) or not hasattr(pipe, "transformer") or not _can_be_given_levels(pipe):
            raise ModelError(f"{type(pipe).__name__} cannot be shown step by step. Use Stable Diffusion or Flux.")
        if pipe.scheduler.config.get("shift_terminal"):
            pipe.scheduler.register_to_config(shift_terminal=None)  # it moves the first level too, with few steps far
        self.pipe, self.digest = pipe, digest
        self.autoencoders = Autoencoders(pipe.vae, tiny)
        self.weights = Weights(pipe.transformer)
        self._hears = inspect.signature(pipe.__call__).parameters
        self._memory = Memory(partial(embeddings.called, pipe))
        self._blend, self.text = Blend(), ""
        self._factor = max(pipe.vae_scale_factor, PATCH)
        self.thrift = Thrift((pipe.vae, tiny), self._factor, lambda: None)
        pipe.set_progress_bar_config(disable=True)

    @property
    def dtype(self) -> torch.dtype:
        """The kind of numbers its network computes with."""
        kind: torch.dtype = self.pipe.transformer.dtype
        return kind

    def prompt(self, text: str) -> None:
        """From the next generation on, restore towards these words, or this blend (see ``blends``).

        A pipeline whose text encoder is not known is told the first of a blend alone. Raises ``ModelError`` for more
        words than are read.
        """
        blend, names = blends.read(text), ("tokenizer_3", "tokenizer_2", "tokenizer")
        tokenizer = next(found for name in names if (found := getattr(self.pipe, name, None)))
        read = self._hears.get("max_sequence_length")
        most = read.default if read else tokenizer.model_max_length
        require_readable(tokenizer, (*blend.wanted, *blend.unwanted), most)
        self._blend, self.text = blend, text

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Dice) -> Iterator[Step]:
        """Yield every step; ``denoised`` holds the noise still left, until the last. ``knobs.churn`` is not heard.

        The pipeline's dice are torch's, seeded with one draw from ``rng``. Raises ``ModelError`` when a side is no
        multiple of what the model's patches span.
        """
        require_sides(burnt.image, self._factor)
        return self.thrift.restore(self._walk, burnt, knobs, rng)

    def _walk(self, burnt: Burnt, knobs: Restoring, rng: Dice) -> Iterator[Step]:
        shown = burnt.image
        if burnt.sigma <= SIGMA_MIN:
            yield Step(0, burnt.sigma, shown / burnt.signal, shown / burnt.signal)
            return
        size = shown.shape[-2:]
        arguments = self._arguments(burnt, knobs.guidance, rng) | plan(
            self.pipe.scheduler, knobs.steps, burnt.sigma, size
        )
        for index, (timestep, latents) in enumerate(pulled(lambda hear: self._run(arguments, hear))):
            vae = self.autoencoders.chosen(knobs.decoder, last=index == knobs.steps - 1)
            picture = self._show(vae, latents, size).to(burnt.image)
            yield Step(index, noise_at(self.pipe.scheduler, float(timestep)), shown, picture, noisy=False)
            shown = picture

    def _show(self, vae: Any, latents: torch.Tensor, size: tuple[int, ...]) -> Image:
        """Latents, packed as the pipeline packs them or not, to B x 3 x H x W in -1 to 1, float32."""
        if latents.ndim == SEQUENCE:
            latents = self.pipe._unpack_latents(latents, *size, self.pipe.vae_scale_factor)  # noqa: SLF001 - no other door
        # trigonometric flow (SANA-Sprint) works on latents scaled to the standard deviation of its data
        return decode(vae, latents / self.pipe.scheduler.config.get("sigma_data", 1.0))

    def _arguments(self, burnt: Burnt, guidance: float, rng: Dice) -> dict[str, Any]:
        import torch

        image = clean_image(burnt)
        given = {
            "image": (image.clamp(-1.0, 1.0) + 1.0) / 2.0,
            "generator": torch.Generator("cpu").manual_seed(int(rng.integers(2**63))),
            "height": image.shape[-2],
            "width": image.shape[-1],
            "output_type": "latent",
        }
        if "use_resolution_binning" in self._hears:
            given["use_resolution_binning"] = False  # SANA would paint in one of its own sizes
        return given | self._words(len(image), guidance)

    def _words(self, number: int, guidance: float) -> dict[str, Any]:
        """What is to be seen in so many pictures, what is not, and how much louder the one is than the other."""
        if embeddings.family_of(self.pipe) is None:
            return {"prompt": [self._blend.wanted[0][0]] * number, "guidance_scale": 0.0}
        told = embeddings.arguments(self.pipe, self._memory.recall(self._blend.wanted), number)
        if self.pipe.transformer.config.get("guidance_embeds"):
            return told  # a network that is told a guidance has never seen 0
        louder = "true_cfg_scale" if "true_cfg_scale" in self._hears else "guidance_scale"
        told[louder] = embeddings.guidance(self.pipe, guidance)
        if guidance <= 1.0:
            return told
        away = self._memory.recall(self._blend.unwanted or SILENCE)
        return told | embeddings.arguments(self.pipe, away, number, "negative_")

    def _run(self, arguments: dict[str, Any], hear: Callable[[Any], bool]) -> None:
        import torch

        def on_step_end(pipe: Any, index: int, timestep: Any, kept: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
            pipe._interrupt = not hear((timestep, kept["latents"]))  # noqa: SLF001 - how diffusers' own documents stop a pipeline
            return {}

        with torch.no_grad():
            self.pipe(**arguments, callback_on_step_end=on_step_end)


def _can_be_given_levels(pipe: Any) -> bool:
    """Whether its noise levels can be said: as levels in flow matching, as an angle in trigonometric flow."""
    way = {"FlowMatchEulerDiscreteScheduler": "sigmas", "SCMScheduler": "max_timesteps"}
    return way.get(type(pipe.scheduler).__name__, "") in inspect.signature(pipe.__call__).parameters


def image_form(name: str) -> Any:
    """The image-to-image class of a pipeline that a folder names. Raises ``ModelError`` when there is none of use."""
    import diffusers

    forms = [name if "Img2Img" in name else name.replace("Pipeline", "Img2ImgPipeline"), name]
    for family in (getattr(diffusers, form, None) for form in forms):
        if family is not None and inspect.signature(family.__call__).parameters.keys() >= NEEDED:
            return family
    raise ModelError(f"{name} has no image-to-image form that this diffusers can steer. Use Stable Diffusion or Flux.")


def plan(scheduler: Any, steps: int, sigma: float, size: tuple[int, ...]) -> dict[str, Any]:
    """The arguments that make a pipeline walk ``steps`` steps down from exactly the noise of ``sigma``.

    Trigonometric flow (SANA-Sprint) takes the angle itself, atan sigma. Flow matching: s = sigma / (1 + sigma) is the
    first of evenly spaced levels, which the scheduler then shifts, so its shift is taken back from s before. The whole
    of such a ladder is walked: from pure noise it is the one that the family was taught.
    """
    if type(scheduler).__name__ == "SCMScheduler":
        angle = math.atan(sigma)
        return {"num_inference_steps": steps, "max_timesteps": angle, "intermediate_timesteps": None, "strength": 1.0}
    first = unshifted(1.0 / (1.0 + 1.0 / sigma), shift_of(scheduler.config, size))
    levels = [first * (steps - step) / steps for step in range(steps)]
    return {"num_inference_steps": steps, "sigmas": levels, "strength": 1.0}


def noise_at(scheduler: Any, timestep: float) -> float:
    """The sigma of a scheduler's own timestep: an angle in trigonometric flow, s in thousandths in flow matching."""
    if type(scheduler).__name__ == "SCMScheduler":
        return min(math.tan(timestep), LOUDEST)
    s = timestep / float(scheduler.config.num_train_timesteps)
    return min(s / (1.0 - s), LOUDEST) if s < 1.0 else LOUDEST


def shift_of(config: Any, size: tuple[int, ...]) -> float:
    """By how much a flow-matching scheduler moves its levels towards the noise: s' = k s / (1 + (k - 1) s)."""
    if not config.get("use_dynamic_shifting"):
        return float(config.get("shift", 1.0))
    mu = _mu(config, size)
    return mu if config.get("time_shift_type") == "linear" else math.exp(mu)


def unshifted(level: float, shift: float) -> float:
    """The level that a shift moves to this one."""
    return level / (shift - (shift - 1.0) * level)


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
