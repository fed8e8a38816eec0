"""Ember: the embedded diffusion model, small enough to burn on a CPU.

A denoiser D(x, sigma) in wavelet bands, preconditioned band by band after Karras et al. 2022 (arXiv:2206.00364,
table 1). With its network silent it is exactly the Wiener filter of the bands, so the network need only learn what no
linear filter can. The same network restores other media straight away, where it was trained on them, and hears words.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.restorers import blends, wavelet
from installation.restorers.conditions import TABLES, Conditions
from installation.restorers.filters import Bands, Doubt, Filter
from installation.restorers.lesions import Weights
from installation.restorers.protocol import ModelError
from installation.restorers.samplers import by_ratio
from installation.restorers.sampling import last_rung, walk

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Burnt, Image, Step
    from installation.restorers.protocol import Restoring

SIDE = 32  # pixels: the network halves its grid of 8 x 8 places twice
LOUDNESS = 250.0  # the timestep embedding reads 250 ln sigma: -1000 to 1100 over the trained range
QUIETEST, LOUDEST = 0.02, 80.0  # noise levels the network has seen
STATISTICS = "bands.json"
SUMS = "SHA256SUMS"
PICKLES = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth")


class Ember:
    """A trained network and the statistics of its bands, behind the restorers' protocol."""

    name = "ember"

    def __init__(
        self, network: Any, bands: Bands, digest: str, conditions: Conditions, doubt: Doubt | None = None
    ) -> None:
        self.network, self.bands, self.digest, self.conditions = network, bands, digest, conditions
        self.doubt = doubt or bands.doubt()
        self.weights = Weights(network)
        self._caption, self.text = conditions.caption(()), ""

    @property
    def media(self) -> tuple[str, ...]:
        """The media, besides the Gaussian, whose burnt pictures it was trained on."""
        return self.conditions.media

    @property
    def words(self) -> tuple[str, ...]:
        """The words it knows, the commonest first."""
        return self.conditions.words

    def prompt(self, text: str) -> None:
        """Say what shall be seen, or a blend (see ``blends``); words never met are passed over, no text says nothing.

        Captions are vectors, so a blend is their sum by weight, and what is unwanted is taken away from it. Raises
        ``ModelError`` for a blend that cannot be read.
        """
        blend = blends.read(text)
        signed = (*blend.wanted, *((said, -weight) for said, weight in blend.unwanted))
        vectors = [weight * self.conditions.caption(self.conditions.spell(said)) for said, weight in signed]
        self._caption, self.text = sum(vectors[1:], vectors[0]), text

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        """Walk from ``burnt.sigma`` to 0. Sides: multiples of 32 from 64; raises ``ModelError`` for others."""
        height, width = burnt.image.shape[-2:]
        if height % SIDE or width % SIDE or min(height, width) < wavelet.SHORTEST:
            raise ModelError(
                f"Ember restores pictures whose sides are multiples of {SIDE} pixels from {wavelet.SHORTEST}, "
                f"not {width} x {height}. Choose another size, 256 x 256 for example."
            )
        low, keep = last_rung(knobs.steps, burnt.sigma), partial(self.keep, hold=knobs.hold)
        return walk(self.denoise, burnt, knobs, rng, sigma_min=low, native=self, keep=keep)

    def denoise(self, x: Image, sigma: float) -> Image:
        """The cleanest guess of x = image + sigma noise: B x 3 x H x W to the same, float32, about -1 to 1."""
        import torch

        level = torch.full((x.shape[0], 1, 1, 1), sigma, device=x.device)
        return self._restored(self.bands.filter(level), x, level.flatten(), self._caption)

    def recover(self, image: Image, medium: str, temperature: float) -> Image:
        """The cleanest guess of a picture that a medium burnt to a temperature, straight from its ashes.

        B x 3 x H x W to the same. ``medium``: one of ``media``, with its knobs at rest; it was met on pictures of
        256 x 256. Raises ``ModelError`` for a medium it has never met.
        """
        import torch

        if medium not in self.media:
            raise ModelError(f"Ember was not trained on {medium}, only on {', '.join(self.media) or 'white noise'}.")
        place = torch.tensor([self.conditions.media.index(medium)], device=image.device)
        heat = torch.tensor([temperature], dtype=torch.float32, device=image.device)
        told = self._caption + self.conditions.burn(medium, temperature)
        return self._restored(self.conditions.regression.filter(place, heat), image, as_noise(heat), told)

    def keep(self, residual: Image, sigma: float, below: float, *, hold: float) -> Image:
        """What stays of x - D on the way from ``sigma`` to ``below``, so that pictures keep their variance.

        ``hold`` is how much of what the guess leaves out is given back, 0 (DDIM) to 1. See ``Doubt.kept``.
        """
        if hold == 0.0:
            return by_ratio(residual, sigma, below)
        return wavelet.synthesise(self.doubt.kept(sigma, below, hold) * wavelet.analyse(residual))

    def _restored(self, linear: Filter, image: Image, sigma: torch.Tensor, told: torch.Tensor) -> Image:
        """The linear filter of the bands, and what the network adds to it."""
        bands = wavelet.analyse(image)
        level = loudness(sigma).expand(len(bands))
        return wavelet.synthesise(linear.denoise(lambda heard: self._guess(heard, level, told), bands))

    def _guess(self, bands: torch.Tensor, level: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """The network alone, in its own dtype."""
        import torch

        with torch.inference_mode():
            quiet = bands.to(self.network.dtype, memory_format=torch.channels_last)
            heard = told.expand(len(bands), -1) if self.network.class_embedding is not None else None
            (guess,) = self.network(quiet, level, class_labels=heard, return_dict=False)
        answer: torch.Tensor = guess.float()
        return answer


def as_noise(temperature: torch.Tensor) -> torch.Tensor:
    """How loud white noise of the same temperature is: sigma = tan(pi T / 2), at most the loudest ever met."""
    return (temperature * (math.pi / 2.0)).clamp(max=math.atan(LOUDEST)).tan()


def loudness(sigma: torch.Tensor) -> torch.Tensor:
    """What the network is told of the noise: 250 ln sigma, kept within the range it was trained in."""
    return LOUDNESS * sigma.clamp(QUIETEST, LOUDEST).log()


def load(folder: Path, device: str | torch.device = "cpu") -> Ember:
    """Ember from a local folder: config, safetensors, ``bands.json`` and ``SHA256SUMS``. No network, no pickles.

    bfloat16 where the machine computes in it, else float32. Raises ``ModelError`` when anything is missing, damaged,
    foreign or no safetensors.
    """
    import torch
    from diffusers import UNet2DModel

    digest = verify(folder)
    place = torch.device(device)
    try:
        with _quietly():
            network = UNet2DModel.from_pretrained(
                folder, use_safetensors=True, local_files_only=True, low_cpu_mem_usage=False, dtype=_dtype(place)
            )
        bands, doubt = read_bands(folder / STATISTICS, place)
        conditions = Conditions.load(folder, place) if (folder / TABLES).is_file() else Conditions.none(network)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"{folder}: this is no ember ({error}). Put assets/ember back from the release.") from error
    network.eval().requires_grad_(requires_grad=False)
    return Ember(network.to(place, memory_format=torch.channels_last), bands, digest, conditions, doubt)


def verify(folder: Path) -> str:
    """Check every file against ``SHA256SUMS``; the digest of that list is the digest of the model.

    Raises ``ModelError`` for a missing list or file, a wrong sum, weights nobody listed, and pickles.
    """
    sums = folder / SUMS
    if not sums.is_file():
        raise ModelError(f"{folder}: no {SUMS}, so nothing vouches for the weights. Put assets/ember back.")
    listed = _listed(sums)
    for file in sorted(folder.rglob("*")):
        if file.suffix in PICKLES:
            raise ModelError(f"{file}: pickled weights can run code and are never loaded. Use safetensors.")
        if file.suffix == ".safetensors" and file.name not in listed:
            raise ModelError(f"{file}: weights that {SUMS} does not list. Remove them or train again.")
    for name, expected in listed.items():
        if sha256(folder / name) != expected:
            raise ModelError(f"{folder / name}: damaged (its SHA-256 is not the listed one). Put assets/ember back.")
    return sha256(sums)


def _listed(sums: Path) -> dict[str, str]:
    """Names and sums of a list as ``sha256sum`` writes it."""
    lines = [line.split(maxsplit=1) for line in sums.read_text(encoding="utf-8", errors="replace").splitlines()]
    if not lines or any(len(line) != 2 for line in lines):  # noqa: PLR2004 - a sum and a name
        raise ModelError(f"{sums}: not a list of SHA-256 sums and names. Put assets/ember back.")
    return {name: digest for digest, name in lines}


def sha256(file: Path) -> str:
    """The SHA-256 of a file, hexadecimal. Raises ``ModelError`` when it cannot be read."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{file}: missing or unreadable ({error.strerror}). Put assets/ember back.") from error


def read_bands(file: Path, device: torch.device) -> tuple[Bands, Doubt | None]:
    """The statistics of the bands, and how wrong the network's guesses are, where that was measured.

    Raises ``ValueError`` unless they are 192 means, deviations above 0 and errors at rising noise levels.
    """
    import torch

    told = json.loads(file.read_text(encoding="utf-8"))
    mean, std = (torch.tensor(told[key], dtype=torch.float32, device=device) for key in ("mean", "std"))
    if mean.shape != (wavelet.CHANNELS,) or std.shape != mean.shape or not bool((std > 0.0).all()):
        raise ValueError(f"{file.name} holds no statistics of {wavelet.CHANNELS} bands")
    return Bands(mean.view(1, -1, 1, 1), std.view(1, -1, 1, 1)), _read_doubt(told.get("doubt"), file, device)


def _read_doubt(told: Any, file: Path, device: torch.device) -> Doubt | None:
    import torch

    if told is None:
        return None
    sigma, variance = (torch.tensor(told[key], dtype=torch.float32, device=device) for key in ("sigma", "variance"))
    rising = sigma.ndim == 1 and len(sigma) > 1 and bool((sigma.diff() > 0.0).all())
    if not rising or variance.shape != (len(sigma), wavelet.CHANNELS) or not bool((variance > 0.0).all()):
        raise ValueError(f"{file.name} holds no errors of {wavelet.CHANNELS} bands at rising noise levels")
    return Doubt(sigma, variance)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Without diffusers' progress bar, which would run across the terminal's status line."""
    from diffusers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _dtype(device: torch.device) -> torch.dtype:
    import torch

    if device.type == "cpu":
        fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # noqa: SLF001 - no public name
        return torch.bfloat16 if fast else torch.float32
    return torch.bfloat16 if device.type != "cuda" or torch.cuda.is_bf16_supported() else torch.float16
