"""Any diffusers image-to-image pipeline in a local folder.

Walked by hand, every step decoded as it comes: the Stable Diffusion family, that is pipelines of a UNet, a VAE and a
DDPM schedule (SD 1.5, 2.1 and Turbo, SDXL and SDXL-Turbo, LCM). All others that take an image and a strength (Flux,
SD 3, SANA-Sprint, Z-Image and so on) are called whole, with a callback at each step: see ``called``.
"""

from __future__ import annotations

import logging
import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.randomness import white
from installation.records import Step
from installation.restorers import blends, embeddings, lora, weighing
from installation.restorers.blends import Blend
from installation.restorers.called import Called, image_form
from installation.restorers.embeddings import Condition, Memory, require_readable
from installation.restorers.guides import Guides
from installation.restorers.latents import FACTOR, Autoencoders, clean_image, decode, encode, require_sides, tiny_beside
from installation.restorers.leaping import Leaper
from installation.restorers.lesions import Weights
from installation.restorers.protocol import ModelError
from installation.restorers.quiet import quietly
from installation.restorers.samplers import NAMES, descend
from installation.restorers.sampling import SIGMA_MIN
from installation.restorers.thrift import Thrift
from installation.restorers.trust import Vouched, vouch

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Burnt
    from installation.restorers.protocol import Restoring

log = logging.getLogger(__name__)

CONSISTENT_LEVELS = 50  # noise levels that an LCM is taught at
SILENCE = (("", 1.0),)


@dataclass(frozen=True, slots=True)
class Rung:
    """One noise level the network was trained at: its timestep and sigma = sqrt((1 - abar) / abar)."""

    timestep: int
    sigma: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """The noise levels of a DDPM schedule, from silent to loud."""

    rungs: tuple[Rung, ...]

    def nearest(self, sigma: float) -> Rung:
        """The rung of argmin |ln sigma_t - ln sigma|: SNR matched, clipped at the schedule's coolest and hottest."""
        return self.rungs[self._place(sigma)]

    def ladder(self, steps: int, sigma: float) -> list[Rung]:
        """At most ``steps`` rungs from ``sigma`` down, evenly spaced in time, the coolest not among them.

        From pure noise in four steps t = 999, 749, 499, 249: what diffusers calls trailing, and where Turbo and LCM
        were taught (Lin et al. 2023, arXiv:2305.08891). A ladder down to the faintest noise would waste a step.
        """
        below = self._place(sigma) + 1
        places = dict.fromkeys(math.ceil(below * (steps - step) / steps) - 1 for step in range(steps))
        return [self.rungs[place] for place in places]

    def _place(self, sigma: float) -> int:
        right = bisect_left(self.rungs, sigma, key=lambda rung: rung.sigma)
        beside = range(max(right - 1, 0), min(right + 1, len(self.rungs)))
        return min(beside, key=lambda place: abs(math.log(self.rungs[place].sigma / sigma)))


class Diffusion:
    """A pipeline of the Stable Diffusion family, walked by hand in its latents.

    Guidance adds up in a loop, so there is none unless ``knobs.guidance`` asks for it; an LCM has none at all.
    What a burn has kept is known in pixels, so ``knobs.evidence`` is not heard here, and cold diffusion is euler.
    """

    name = "diffusion"

    def __init__(
        self,
        pipe: Any,
        digest: str,
        tiny: Any | None = None,
        *,
        compiles: bool = False,
        embed: Callable[[str], Condition] | None = None,
    ) -> None:
        """``embed``: what becomes of words, where that is not asked of the pipeline's own text encoder."""
        self.pipe, self.digest = pipe, digest
        self.autoencoders = Autoencoders(pipe.vae, tiny)
        self.weights, self.guides = Weights(pipe.unet), Guides(pipe.unet)
        self.schedule = schedule_of(pipe.scheduler)
        self.consistent = type(pipe.scheduler).__name__ == "LCMScheduler"
        self._memory = Memory(embed or partial(embeddings.by_hand, pipe))
        self._blend, self.text = Blend(), ""
        self.leaper = Leaper(self, compiles=compiles)
        self.thrift = Thrift((pipe.vae, tiny), 2 ** (len(_block_channels(pipe.vae)) - 1), self.leaper.forget)

    @property
    def dtype(self) -> torch.dtype:
        """The kind of numbers its network computes with."""
        kind: torch.dtype = self.pipe.unet.dtype
        return kind

    def prompt(self, text: str) -> None:
        """From the next step on, restore towards these words, or this blend (see ``blends``).

        Raises ``ModelError`` for more words than the text encoder reads.
        """
        blend, tokenizer = blends.read(text), self.pipe.tokenizer
        require_readable(tokenizer, (*blend.wanted, *blend.unwanted), tokenizer.model_max_length)
        self._blend, self.text = blend, text

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        """Yield every denoising step; ``x`` of a step is what was shown before it, ``denoised`` is decoded.

        Raises ``ModelError`` when a side is no multiple of the VAE's 8 pixels. Beyond the schedule's hottest noise
        (T = .9565 for Stable Diffusion) it starts from the hottest.
        """
        factor = 2 ** (len(_block_channels(self.pipe.vae)) - 1)
        require_sides(burnt.image, factor)
        return self.thrift.restore(self._restored, burnt, knobs, rng)

    def _restored(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        """All steps at once where that is wished and possible, else one by one."""
        if self.leaper.can(burnt, knobs):
            yield self.leaper.leap(burnt, knobs, rng)
        else:
            yield from self._walk(burnt, knobs, rng)

    def _walk(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        shown = burnt.image
        if burnt.sigma <= SIGMA_MIN:
            untouched = burnt.latents if burnt.noise == 0.0 else None
            yield Step(0, burnt.sigma, shown / burnt.signal, shown / burnt.signal, latents=untouched)
            return
        rungs = self.schedule.ladder(knobs.steps, burnt.sigma)
        clean = self.begin(burnt, knobs)
        z = clean + rungs[0].sigma * white(rng, clean)
        sigmas = [*(rung.sigma for rung in rungs), 0.0]

        guidance = 1.0 if self.consistent else knobs.guidance

        def denoise(latents: torch.Tensor, sigma: float) -> torch.Tensor:
            rung = self.schedule.nearest(sigma)
            self.guides.reach(rungs.index(rung), len(rungs))
            return self.denoise(latents, rung, burnt.image.shape, guidance)

        for step in descend(self.sampler(knobs), denoise, z, sigmas, rng, churn=knobs.churn):
            vae = self.autoencoders.chosen(knobs.decoder, last=step.index == len(rungs) - 1)
            picture = decode(vae, step.denoised).to(burnt.image)
            yield Step(step.index, step.sigma, shown, picture, noisy=False, latents=step.denoised)
            shown = picture

    def begin(self, burnt: Burnt, knobs: Restoring) -> torch.Tensor:
        """The clean latents that are burnt again: those that came round with the picture, or the picture's, encoded."""
        if knobs.feedback == "latents" and burnt.latents is not None:
            return burnt.latents
        return encode(self.autoencoders.chosen(knobs.decoder, last=True), clean_image(burnt))

    def sampler(self, knobs: Restoring) -> str:
        """A consistency model (LCM) always burns its guess afresh; what only works on pixels is euler in latents."""
        if self.consistent:
            return "lcm"
        return knobs.sampler if knobs.sampler in NAMES else "euler"

    def denoise(self, z: torch.Tensor, rung: Rung, size: torch.Size, guidance: float = 1.0) -> torch.Tensor:
        """D(z, sigma) in latents: the network sees z / sqrt(1 + sigma^2) and answers eps, v or x0 as it was taught.

        ``guidance`` other than 1 asks twice, and goes on so many times as far, away from what is unwanted (Ho and
        Salimans 2022, arXiv:2207.12598).
        """
        import torch

        noisy = (z / math.sqrt(1.0 + rung.sigma**2)).to(self.pipe.unet.dtype)
        with torch.no_grad():
            answer = self.answer(noisy, rung.timestep, size)
            if guidance != 1.0:
                unwanted = self._memory.recall(self._blend.unwanted or SILENCE)
                away = self._heard(noisy, rung.timestep, size, unwanted, away=True)
                answer = away + guidance * (answer - away)
        return to_denoised(self.pipe.scheduler.config.prediction_type, z, rung.sigma, answer.float())

    def condition(self) -> Condition:
        """What the network is told to see."""
        return self._memory.recall(self._blend.wanted)

    def answer_to(self, noisy: torch.Tensor, timestep: torch.Tensor, condition: Condition) -> torch.Tensor:
        """The same under any condition, of noisy latents in float32."""
        import torch

        number, _, height, width = noisy.shape
        size = torch.Size((number, 3, FACTOR * height, FACTOR * width))
        return self._heard(noisy.to(self.pipe.unet.dtype), timestep, size, condition)

    def answer(self, noisy: torch.Tensor, timestep: int | torch.Tensor, size: torch.Size) -> torch.Tensor:
        """What the network says under the prompt of noisy latents, variance preserving, of pictures of this size."""
        return self._heard(noisy, timestep, size, self.condition())

    def _heard(
        self,
        noisy: torch.Tensor,
        timestep: int | torch.Tensor,
        size: torch.Size,
        condition: Condition,
        *,
        away: bool = False,
    ) -> torch.Tensor:
        unet, words = self.pipe.unet, condition.embeddings.expand(len(noisy), -1, -1)
        (answer,) = unet(
            noisy,
            timestep,
            encoder_hidden_states=words,
            timestep_cond=_no_guidance(unet, noisy),
            return_dict=False,
            **self.guides.arguments(noisy, timestep, words, _added(condition, size, noisy), away=away),
        )
        told: torch.Tensor = answer
        return told


def load(
    folder: Path, device: str | torch.device = "cpu", dtype: torch.dtype | None = None, *, compiles: bool = False
) -> Diffusion | Called:
    """A pipeline from a local folder: no network, no pickles, no code from the folder, no safety checker.

    (The checker answers some paintings with a black picture, which a loop could never leave.) Unless given, ``dtype``
    is float32 on a CPU; on a GPU float16 for UNets and bfloat16 for transformers, as they were trained. Raises
    ``ModelError`` for a folder that is incomplete or not to be trusted. An adapter's folder is its base, wearing it.
    """
    import torch

    if base := lora.base_of(folder):
        return adapted(load(base, device, dtype, compiles=compiles), folder)
    vouched = vouch(folder)
    place = torch.device(device)
    taught = torch.float16 if (folder / "unet").is_dir() else torch.bfloat16
    half = torch.bfloat16 if place.type == "cpu" else taught
    wanted = dtype or (torch.float32 if place.type == "cpu" else half)
    kind = require_room(vouched, wanted, half, weighing.free_bytes(place))
    try:
        with quietly():
            pipe = _load(vouched, kind).to(place)
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError, ImportError, TypeError) as error:
        raise ModelError(f"{folder}: {vouched.pipeline} does not load ({error}). Download it again.") from error
    if kind is torch.float16 and getattr(pipe.vae.config, "force_upcast", False):
        pipe.vae.to(torch.float32)  # SDXL's VAE overflows in half precision
    with quietly():
        tiny = tiny_beside(folder, pipe, kind)
    by_hand = hasattr(pipe, "unet") and hasattr(pipe.scheduler, "alphas_cumprod")
    if not by_hand:
        return Called(pipe, vouched.digest, tiny)
    for network in (pipe.unet, pipe.vae, tiny):
        if place.type == "cuda" and network is not None:
            network.to(memory_format=torch.channels_last)  # as a card's tensor cores take pictures
    return Diffusion(pipe, vouched.digest, tiny, compiles=compiles)


def adapted(model: Diffusion | Called, folder: Path) -> Diffusion:
    """The same model, which wears nothing yet, with the adapter of a folder on. Raises ``ModelError``."""
    if isinstance(model, Called):
        raise ModelError(f"{folder}: adapters are for Stable Diffusion. Name the base alone.")
    if not lora.is_bare(folder):
        lora.put_on(model.pipe.unet, folder)
        model.digest = lora.digest(folder, model.digest)
    if lora.is_consistent(folder):
        model.consistent, model.schedule = True, schedule_of(model.pipe.scheduler, CONSISTENT_LEVELS)
    return model


def require_room(vouched: Vouched, dtype: torch.dtype, half: torch.dtype, free: float) -> torch.dtype:
    """The kind of numbers with which a pipeline fits into so many free bytes: the one wanted, or half as wide.

    Raises ``ModelError`` where there is no room even for half.
    """
    kinds = {dtype.itemsize: dtype}
    kinds.setdefault(half.itemsize, half)
    width = weighing.width_that_fits(weighing.weigh(vouched.loaded), kinds, free, str(vouched.folder))
    if width != dtype.itemsize:
        log.warning("%s plays in %d bits a number: there is no room for more.", vouched.folder, 8 * width)
    return kinds[width]


def schedule_of(scheduler: Any, levels: int | None = None) -> Schedule:
    """The noise levels a scheduler's network was trained at; LCM knows every 20th of 1000 only (Luo et al. 2023).

    ``levels``: how many of them, where the scheduler does not say.
    """
    alphas_cumprod = scheduler.alphas_cumprod.double()
    taught = range(len(alphas_cumprod))
    if coarse := getattr(scheduler.config, "original_inference_steps", levels):
        stride = len(alphas_cumprod) // coarse
        taught = range(stride - 1, len(alphas_cumprod), stride)
    sigmas = ((1.0 - alphas_cumprod) / alphas_cumprod).sqrt()
    return Schedule(tuple(Rung(t, float(sigmas[t])) for t in taught if alphas_cumprod[t] > 0.0))


def to_denoised(prediction: str, z: torch.Tensor, sigma: float, answer: torch.Tensor) -> torch.Tensor:
    """x0 from what a network predicts, with z = x0 + sigma eps and cos = 1 / sqrt(1 + sigma^2).

    epsilon: z - sigma eps; v = cos eps - sin x0: cos^2 z - sin v; sample: itself. Raises ``ModelError`` for others.
    """
    if prediction == "epsilon":
        return z - sigma * answer
    if prediction == "v_prediction":
        return z / (1.0 + sigma**2) - sigma / math.sqrt(1.0 + sigma**2) * answer
    if prediction == "sample":
        return answer
    raise ModelError(f"The model predicts {prediction!r}; epsilon, v_prediction and sample are understood.")


def _load(vouched: Vouched, dtype: torch.dtype) -> Any:
    """The pipeline in main memory.

    Asked for half precision, the libraries set torch's default kind of numbers for the whole process while they load,
    and a loop that plays meanwhile would compute otherwise. So what has a UNet is loaded in single precision, where
    this machine has room for that, and narrowed then; transformers keep parts of themselves wide, and are not.
    """
    import torch

    wide = weighing.weigh(vouched.loaded).wanted(weighing.SINGLE) <= weighing.free_bytes(torch.device("cpu"))
    if dtype is torch.float32 or not wide or not (vouched.folder / "unet").is_dir():
        return _loaded(vouched, dtype)
    return _loaded(vouched, torch.float32).to(dtype, silence_dtype_warnings=True)


def _loaded(vouched: Vouched, dtype: torch.dtype) -> Any:
    without: dict[str, Any] = dict.fromkeys(vouched.absent)
    if "safety_checker" in without:
        without["requires_safety_checker"] = False
    return image_form(vouched.pipeline).from_pretrained(
        vouched.folder,
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        variant=vouched.variant,
        dtype=dtype,
        **without,
    )


def _added(condition: Condition, size: torch.Size, z: torch.Tensor) -> dict[str, torch.Tensor] | None:
    """SDXL is told the size of the original, the place of the crop and the size wanted (Podell et al. 2023)."""
    if condition.pooled is None:
        return None
    times = _sizes(*size[-2:], condition.pooled.device, condition.pooled.dtype)
    return {"text_embeds": condition.pooled.expand(len(z), -1), "time_ids": times.expand(len(z), -1)}


@lru_cache(maxsize=16)
def _sizes(height: int, width: int, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """Kept, for a card that records its work takes no new numbers from the processor."""
    import torch

    return torch.tensor([height, width, 0, 0, height, width], device=device, dtype=dtype)


def _no_guidance(unet: Any, z: torch.Tensor) -> torch.Tensor | None:
    """LCM's network is told the guidance it stands for: w = 0, as sin and cos of 0 (Luo et al. 2023)."""
    import torch

    width = unet.config.time_cond_proj_dim
    if width is None:
        return None
    half = torch.zeros(len(z), width // 2, device=z.device, dtype=unet.dtype)
    return torch.cat([half, half + 1.0], dim=1)


def _block_channels(vae: Any) -> Any:
    config = vae.config
    return (
        config.encoder_block_out_channels
        if hasattr(config, "encoder_block_out_channels")
        else config.block_out_channels
    )
