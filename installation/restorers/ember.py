"""Ember: the embedded diffusion model, small enough to burn on a CPU.

A denoiser D(x, sigma) in wavelet bands, preconditioned band by band after Karras et al. 2022 (arXiv:2206.00364,
table 1). With its network silent it is exactly the Wiener filter of the bands, so the network need only learn what no
linear filter can. The same network restores other media straight away, where it was trained on them, and hears words;
where it has an expert for words (see ``networks``), that lays out what is said.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.restorers import blends, networks, wavelet
from installation.restorers.conditions import TABLES, Conditions
from installation.restorers.filters import Bands, Doubt, Filter
from installation.restorers.lesions import Weights
from installation.restorers.networks import EXPERT, LOUD, Painter
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
        self,
        network: Any,
        bands: Bands,
        digest: str,
        conditions: Conditions,
        doubt: Doubt | None = None,
        *,
        expert: Painter | None = None,
    ) -> None:
        self.network, self.bands, self.digest, self.conditions = network, bands, digest, conditions
        self.doubt, self.expert = doubt or bands.doubt(), expert
        self.weights = Weights(network, *([expert.network] if expert else []))
        self.prompt("")

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

        Captions are vectors, so a blend is their sum by weight, and what is unwanted is taken away from it. Where a
        word is known the expert lays out, behind loud noise, what is seen. Raises ``ModelError`` for a blend that
        cannot be read.
        """
        blend = blends.read(text)
        self.text, self._caption = text, _told(self.conditions, blend)
        self._layout = _told(self.expert.conditions, blend) if self.expert else None

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        """Walk from ``burnt.sigma`` to 0. Sides: multiples of 32 from 64; raises ``ModelError`` for others."""
        height, width = burnt.image.shape[-2:]
        if height % SIDE or width % SIDE or min(height, width) < wavelet.SHORTEST:
            raise ModelError(
                f"Ember restores pictures whose sides are multiples of {SIDE} pixels from {wavelet.SHORTEST}, "
                f"not {width} x {height}. Choose another size, 256 x 256 for example."
            )
        low, keep = last_rung(knobs.steps, burnt.sigma), partial(self.keep, hold=knobs.hold)
        denoise = partial(self.denoise, guidance=knobs.guidance)
        return walk(denoise, burnt, knobs, rng, sigma_min=low, native=self, keep=keep)

    def denoise(self, x: Image, sigma: float, guidance: float = 1.0) -> Image:
        """The cleanest guess of x = image + sigma noise: B x 3 x H x W to the same, float32, about -1 to 1.

        Where something is said the expert guesses behind loud noise, and ``guidance`` beyond 1 has it exaggerate.
        """
        import torch

        sigmas = torch.full((x.shape[0], 1, 1, 1), sigma, device=x.device)
        level = loudness(sigmas.flatten())
        if self.expert and self._layout is not None and sigma >= LOUD and self._layout.any():  # something is said
            guess = partial(_laid_out, self.expert, level, self._layout, guidance)
        else:
            guess = partial(_heard, self.network, level, self._caption)
        return _restored(self.bands.filter(sigmas), x, guess)

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
        guess = partial(_heard, self.network, loudness(as_noise(heat)).expand(len(image)), told)
        return _restored(self.conditions.regression.filter(place, heat), image, guess)

    def keep(self, residual: Image, sigma: float, below: float, *, hold: float) -> Image:
        """What stays of x - D on the way from ``sigma`` to ``below``, so that pictures keep their variance.

        ``hold`` is how much of what the guess leaves out is given back, 0 (DDIM) to 1. See ``Doubt.kept``.
        """
        if hold == 0.0:
            return by_ratio(residual, sigma, below)
        return wavelet.synthesise(self.doubt.kept(sigma, below, hold) * wavelet.analyse(residual))


def _laid_out(
    expert: Painter, level: torch.Tensor, told: torch.Tensor, guidance: float, bands: torch.Tensor
) -> torch.Tensor:
    """The expert's guess, guided away from what it says where nothing is said (Ho and Salimans 2022)."""
    guess = _heard(expert.network, level, told, bands)
    if guidance == 1.0:
        return guess
    plain = _heard(expert.network, level, expert.conditions.caption(()), bands)
    return plain + guidance * (guess - plain)


def _told(conditions: Conditions, blend: blends.Blend) -> torch.Tensor:
    """The vector of a blend, 1 x width: captions are vectors, so they are added by weight."""
    vectors = [weight * conditions.caption(conditions.spell(said)) for said, weight in blend.signed]
    return sum(vectors[1:], vectors[0])


def _restored(linear: Filter, image: Image, guess: Callable[[torch.Tensor], torch.Tensor]) -> Image:
    """The linear filter of the bands, and what a network adds to it."""
    return wavelet.synthesise(linear.denoise(guess, wavelet.analyse(image)))


def _heard(network: Any, level: torch.Tensor, told: torch.Tensor | None, bands: torch.Tensor) -> torch.Tensor:
    """A network alone, in its own dtype."""
    import torch

    with torch.inference_mode():
        said = told.expand(len(bands), -1) if told is not None and network.class_embedding is not None else None
        return networks.ask(network, bands.to(network.dtype), level, said).float()


def as_noise(temperature: torch.Tensor) -> torch.Tensor:
    """How loud white noise of the same temperature is: sigma = tan(pi T / 2), at most the loudest ever met."""
    return (temperature * (math.pi / 2.0)).clamp(max=math.atan(LOUDEST)).tan()


def loudness(sigma: torch.Tensor) -> torch.Tensor:
    """What the network is told of the noise: 250 ln sigma, kept within the range it was trained in."""
    return LOUDNESS * sigma.clamp(QUIETEST, LOUDEST).log()


def load(folder: Path, device: str | torch.device = "cpu", *, alone: bool = False) -> Ember:
    """Ember from a local folder: config, safetensors, ``bands.json`` and ``SHA256SUMS``. No network, no pickles.

    bfloat16 where the machine computes in it, else float32; ``alone``: without its expert. Raises ``ModelError`` when
    anything is missing, damaged, foreign or no safetensors.
    """
    import torch

    digest = verify(folder)
    place = torch.device(device)
    try:
        network = networks.read(folder, place)
        bands, doubt = read_bands(folder / STATISTICS, place)
        conditions = Conditions.load(folder, place) if (folder / TABLES).is_file() else Conditions.none(network)
        expert = _expert(folder / EXPERT, place) if (folder / EXPERT).is_dir() and not alone else None
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"{folder}: this is no ember ({error}). Put assets/ember back from the release.") from error
    return Ember(network, bands, digest, conditions, doubt, expert=expert)


def _expert(folder: Path, device: torch.device) -> Painter:
    return Painter(networks.read(folder, device), Conditions.load(folder, device))


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
        if file.suffix == ".safetensors" and file.relative_to(folder).as_posix() not in listed:
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
