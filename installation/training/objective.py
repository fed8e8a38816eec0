"""What is learnt: the network, its loss, the noise it meets and the statistics it stands on.

Denoising score matching with the preconditioning of Karras et al. 2022 (arXiv:2206.00364), in wavelet bands.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.burns import MEDIA, Medium
from installation.randomness import generator
from installation.restorers import wavelet
from installation.restorers.conditions import GAUSSIAN, condition
from installation.restorers.ember import LOUDEST, QUIETEST, as_noise, loudness
from installation.restorers.filters import KNOTS, Bands, Filter, Regression
from installation.restorers.networks import COARSE, FOLD, ask, hears

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image
    from installation.training.composition import Picture
    from installation.training.corpus import Corpus
    from installation.training.lessons import Lesson

EDGE = 1e-6  # ranks are kept this far from 0 and 1, where the normal quantile is infinite
FAINTEST = 1e-3  # a band that grey or flat pictures never use must not divide by nothing
HANDFUL = 8  # pictures of the census at a time


def build_network(channels: tuple[int, ...], *, expert: bool = False) -> Any:
    """A UNet over the grid of places: 192 bands in, 192 out, attention only in its middle, silent at first.

    Silent (its last layer is zero) means that training starts at the Wiener filter. ``channels``: multiples of 32. An
    ``expert`` takes the coarse bands only, on half the grid, and its coarser half attends to all places.
    """
    import torch
    from diffusers import UNet2DModel

    attending, plain = "Attn" * expert, len(channels) - 1
    bands = COARSE * FOLD**2 if expert else wavelet.CHANNELS
    network = UNet2DModel(
        sample_size=32 // FOLD if expert else 32,
        in_channels=bands,
        out_channels=bands,
        layers_per_block=1,
        block_out_channels=channels,
        down_block_types=(*["DownBlock2D"] * plain, f"{attending}DownBlock2D"),
        up_block_types=(f"{attending}UpBlock2D", *["UpBlock2D"] * plain),
        attention_head_dim=min(64, channels[-1]),
        class_embed_type="identity",
    )
    torch.nn.init.zeros_(network.conv_out.weight)
    torch.nn.init.zeros_(network.conv_out.bias)
    return network.to(memory_format=torch.channels_last)


@dataclass(frozen=True, slots=True)
class Ground:
    """What is measured or decided before the first step: statistics of the bands, filters of the media, the words."""

    bands: Bands
    regression: Regression
    words: tuple[str, ...]
    media: tuple[str, ...]

    def to(self, device: torch.device) -> Ground:
        """The same ground with its numbers on a device."""
        moved = {name: _moved(getattr(self, name), device) for name in ("bands", "regression")}
        return replace(self, **moved)

    def outlined(self) -> Ground:
        """What an expert stands on: the coarse bands, behind white noise alone."""
        return replace(self, bands=self.bands.first(COARSE), media=())


def losses(model: Any, ground: Ground, lesson: Lesson, noise: Image) -> torch.Tensor:
    """The loss of each picture, B: squared error of F per band it hears, weighted in proportion to ``rest`` (mean 1).

    Pixels' squared error would weigh by its square, whitened bands equally; this stands halfway between them.
    ``model``: a painter and the tables of its conditions, under these names.
    """
    import torch

    expert = hears(model["painter"]) == COARSE
    look, ground = (_outline, ground.outlined()) if expert else (wavelet.analyse, ground)
    clean = look(lesson.clean)
    burnt, linear = ashes(ground, lesson, clean, look(noise))
    level = torch.where(lesson.medium == GAUSSIAN, lesson.sigma, as_noise(lesson.temperature))
    told = condition(model["tables"], lesson.words, lesson.medium, lesson.temperature)
    with torch.autocast(clean.device.type, torch.bfloat16):
        guess = ask(model["painter"], (burnt - linear.shade) / linear.loud, loudness(level), told)
    missed = guess.float() - linear.target(burnt, clean)
    each: torch.Tensor = (linear.rest / linear.rest.mean(dim=1, keepdim=True) * missed**2).mean(dim=(1, 2, 3))
    return each


def _outline(image: Image) -> torch.Tensor:
    """Of pictures; of what is an outline itself. White noise is white in either: the wavelets are orthonormal."""
    return image if image.shape[1] == COARSE else wavelet.outline(image)


def ashes(ground: Ground, lesson: Lesson, clean: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, Filter]:
    """The bands of a batch as they were burnt, each in its own way, and the linear filter of each."""
    import torch

    sigma = lesson.sigma.view(-1, 1, 1, 1)
    white, linear = (lesson.medium == GAUSSIAN).view(-1, 1, 1, 1), ground.bands.filter(sigma)
    if not ground.media:
        return clean + sigma * noise, linear
    measured = ground.regression.filter(lesson.medium.clamp(min=0), lesson.temperature)
    burnt = torch.where(white, clean + sigma * noise, wavelet.analyse(lesson.burnt))
    parts = {part.name: (getattr(linear, part.name), getattr(measured, part.name)) for part in fields(Filter)}
    return burnt, Filter(**{name: torch.where(white, *pair) for name, pair in parts.items()})


def draw_sigma(count: int, middle: float, spread: float, rng: Generator) -> torch.Tensor:
    """Noise levels for a batch: ln sigma is normal (P_mean, P_std), clipped to 0.02 to 80.

    Stratified: every batch meets quiet and loud noise, which steadies the loss.
    """
    import torch

    ranks = ((np.arange(count) + rng.uniform(size=count)) / count).clip(EDGE, 1.0 - EDGE)
    normal = NormalDist(middle, spread)
    levels = np.exp([normal.inv_cdf(float(rank)) for rank in ranks]).clip(QUIETEST, LOUDEST)
    return torch.from_numpy(levels.astype(np.float32))


def to_batch(pictures: list[Picture]) -> Image:
    """B x 3 x H x W float32 in -1 to 1 of H x W x 3 uint8 pictures of one size."""
    import torch

    return torch.from_numpy(np.stack(pictures).astype(np.float32) / 127.5 - 1.0).permute(0, 3, 1, 2)


def census(corpus: Corpus, size: int, count: int, seed: int) -> Bands:
    """Mean and standard deviation of every band over ``count`` pictures of the mix, size x size."""
    rng = generator(seed, 0, stream=1)
    places, total, square = 0, np.zeros(wavelet.CHANNELS), np.zeros(wavelet.CHANNELS)
    for _ in range(-(-count // HANDFUL)):
        bands = wavelet.analyse(to_batch([corpus.draw(size, rng).pixels for _ in range(HANDFUL)])).double()
        places += bands[:, 0].numel()
        total += bands.sum(dim=(0, 2, 3)).numpy()
        square += bands.square().sum(dim=(0, 2, 3)).numpy()
    mean = total / places
    return Bands(_as_bands(mean), _as_bands(np.sqrt((square / places - mean**2).clip(FAINTEST**2))))


def _as_bands(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> torch.Tensor:
    import torch

    return torch.from_numpy(values.astype(np.float32)).view(1, -1, 1, 1)


def regress(corpus: Corpus, media: tuple[str, ...], size: int, count: int, seed: int) -> Regression:
    """The linear filters of media, measured on ``count`` pictures of the mix, size x size, at every knot."""
    import torch

    rng = generator(seed, 0, stream=3)
    clean = to_batch([corpus.draw(size, rng).pixels for _ in range(count)])
    truth = wavelet.analyse(clean)
    rows = [
        torch.stack([_fit(truth, _burnt(clean, medium, knot / (KNOTS - 1), rng)) for knot in range(KNOTS)])
        for medium in media
    ]
    parts = torch.stack(rows) if rows else torch.zeros(0, KNOTS, len(fields(Regression)), wavelet.CHANNELS)
    return Regression(*parts.unbind(2))


def burner(medium: str, temperature: float) -> Medium:
    """A medium at a temperature, its other knobs at rest."""
    return replace(MEDIA[medium](), temperature=temperature)  # type: ignore[type-var] # a panel


def _burnt(clean: Image, medium: str, temperature: float, rng: Generator) -> torch.Tensor:
    return wavelet.analyse(burner(medium, temperature)(clean, rng).image)


def _fit(clean: torch.Tensor, burnt: torch.Tensor) -> torch.Tensor:
    """Least squares of clean bands on burnt ones: mean, shade, gain, rest and loud, each 192."""
    import torch

    mean, shade = (bands.mean(dim=(0, 2, 3), keepdim=True) for bands in (clean, burnt))
    loud = (burnt - shade).square().mean(dim=(0, 2, 3), keepdim=True).sqrt().clamp_min(FAINTEST)
    gain = ((clean - mean) * (burnt - shade)).mean(dim=(0, 2, 3), keepdim=True) / loud**2
    left = clean - mean - gain * (burnt - shade)
    rest = left.square().mean(dim=(0, 2, 3), keepdim=True).sqrt().clamp_min(FAINTEST)
    return torch.stack([part.flatten() for part in (mean, shade, gain, rest, loud)])


def _moved(parts: Any, device: torch.device) -> Any:
    return replace(parts, **{part.name: getattr(parts, part.name).to(device) for part in fields(parts)})
