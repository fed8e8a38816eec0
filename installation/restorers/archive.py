"""The archive: a diffusion model without training, whose every patch has an owner.

It is the exact denoiser of the pictures in a folder, taken whole (it returns those pictures) or patch by patch (it
paints mosaics of them). It is what plays when ember is missing, and what tests restore with.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from installation import images
from installation.restorers import patches
from installation.restorers.protocol import ModelError
from installation.restorers.sampling import last_rung, walk

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Burnt, Image, Pixels, Step
    from installation.restorers.patches import Tier
    from installation.restorers.protocol import Restoring

Locality = Literal["patches", "whole"]
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
ARCHIVE_SIDE = 256  # pixels: what the shipped archive holds
SIDE = 32  # pixels: the coarsest level halves five times
FAINT = 0.1  # the noise at which the owner of a finished patch is asked for: the finest level answers
MOST_SOURCES = 8  # that are named
MOST_PICTURES = 256  # 200 MB as floats at 256 px; only 65,536 patches are kept per level in any case

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Who owns each patch of a denoised picture: the archive patch with the largest weight, window by window.

    ``picture`` is the index into ``Archive.files``; ``top`` and ``left`` are its place there, in archive pixels, and
    ``extent`` its side in archive pixels; ``weight`` is its share of the window, 0 to 1. Each is a B x R x C tensor
    but ``extent``; the window in row r, column c starts at (r, c) times ``pitch`` pixels of the picture traced.
    """

    picture: torch.Tensor
    top: torch.Tensor
    left: torch.Tensor
    weight: torch.Tensor
    extent: int
    pitch: int


@dataclass(slots=True, eq=False)
class Archive:
    """The ideal denoiser over a folder of pictures. ``pictures`` is M x 3 x S x S uint8, one per name in ``files``."""

    files: tuple[str, ...]
    skipped: tuple[str, ...]
    pictures: torch.Tensor
    tiers: tuple[Tier, ...]
    locality: Locality
    digest: str
    name: str = "archive"
    folder: Path = Path()

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        """Walk from ``burnt.sigma`` to 0. Sides: multiples of 32; raises ``ModelError`` for others."""
        height, width = burnt.image.shape[-2:]
        if height % SIDE or width % SIDE:
            raise ModelError(
                f"The archive restores pictures whose sides are multiples of {SIDE} pixels, not {width} x {height}. "
                "Choose another size, 256 x 256 for example."
            )
        return walk(self.denoise, burnt, knobs, rng, sigma_min=last_rung(knobs.steps, burnt.sigma))

    def denoise(self, x: Image, sigma: float) -> Image:
        """D(x, sigma): what the archive expects behind the noise, whole or patch by patch as it was loaded.

        Computed on the CPU, where the index is, and returned to where ``x`` came from.
        """
        here = x.cpu()
        if self.locality == "whole":
            return ideal(here, sigma, _as_pictures(self.pictures, here)).to(x)
        return patches.denoise(self._tier_for(x, sigma), here, sigma).to(x)

    def trace(self, x: Image, sigma: float) -> Trace:
        """The owners of the patches that ``denoise`` would paint, whatever the locality."""
        from torch.nn import functional

        tier = self._tier_for(x, sigma)
        scale = 2**tier.level
        coarse = functional.avg_pool2d(x.cpu(), scale)
        given = patches.answer(tier, patches.windows(coarse), sigma / scale)
        weight, best = given.weights.max(dim=1)
        shape = (len(x), *patches.grid(*coarse.shape[-2:]))
        picture, top, left = (column.reshape(shape) for column in _owners(tier, given, best))
        return Trace(picture, top, left, weight.reshape(shape), patches.SIDE * scale, patches.STRIDE * scale)

    def sources(self, x: Image) -> list[tuple[Path, str]]:
        """The pictures that own most of a picture's patches, the largest first: file, and name with its share."""
        owners = Counter(self.trace(x, FAINT).picture.flatten().tolist())
        largest = [(self.files[owner], count / owners.total()) for owner, count in owners.most_common(MOST_SOURCES)]
        return [(self.folder / name, f"{Path(name).stem} {share:.0%}") for name, share in largest]

    def _tier_for(self, x: Image, sigma: float) -> Tier:
        return self.tiers[min(patches.level_for(sigma, min(x.shape[-2:])), len(self.tiers) - 1)]


def load(folder: Path, side: int = ARCHIVE_SIDE, locality: Locality = "patches") -> Archive:
    """Read every picture in a folder (not below it), cropped to ``side`` x ``side`` px, and index their patches.

    Pictures that cannot be read are left out, named in ``skipped`` and counted in the log; of more than 256 an even
    choice is taken. Raises ``ModelError`` when none is left. The digest is the SHA-256 over the files used, in order.
    """
    import torch

    files, skipped, pixels, digest = _read(folder, side)
    if not files:
        raise ModelError(f"{folder}: no picture that can be read. Put some {', '.join(images.FORMATS)} files there.")
    if skipped:
        log.warning("%s: %d of %d pictures cannot be read.", folder, len(skipped), len(skipped) + len(files))
    pictures = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous()
    tiers = patches.tiers_of(pictures.float() / 127.5 - 1.0)
    return Archive(tuple(files), tuple(skipped), pictures, tiers, locality, digest, folder=folder)


def verify(folder: Path) -> str:
    """The digest of an archive, without indexing its patches. Raises ``ModelError`` where there is no such folder."""
    return _read(folder, ARCHIVE_SIDE)[-1]


def ideal(x: Image, sigma: float, pictures: Image) -> Image:
    """The ideal denoiser of a finite set: sum_i softmax(-|x - y_i|^2 / 2 sigma^2) y_i (Karras et al. 2022, app. B.3).

    ``pictures`` is M x 3 x H x W. It tends to their mean for large sigma and to the nearest of them for small.
    """
    import torch

    flat = pictures.flatten(1)
    # |x|^2 is the same for all and left out: at loud noise it would swallow the differences
    nearness = (x.flatten(1) @ flat.T - flat.square().sum(dim=1) / 2.0).double()
    weights = torch.softmax(nearness / max(sigma, 1e-6) ** 2, dim=1)
    return (weights.to(x.dtype) @ flat).reshape(x.shape)


def _read(folder: Path, side: int) -> tuple[list[str], list[str], list[Pixels], str]:
    files, skipped, pixels, digest = [], [], [], hashlib.sha256()
    for path in _listed(folder):
        try:
            pixels.append(images.load(path, side, side))
        except images.ImageError as error:
            log.info("%s", error)
            skipped.append(path.name)
        else:
            files.append(path.name)
            digest.update(path.read_bytes())
    return files, skipped, pixels, digest.hexdigest()


def _listed(folder: Path) -> list[Path]:
    """The picture files of a folder in alphabetical order, thinned evenly to 256."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder. An archive is a folder of pictures.")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    chosen = np.linspace(0, len(found) - 1, min(len(found), MOST_PICTURES)).round().astype(int)
    return [found[number] for number in chosen]


def _as_pictures(pictures: torch.Tensor, like: Image) -> Image:
    """The archive as floats, scaled to the size of a picture."""
    from torch.nn import functional

    floats = pictures.to(like.dtype) / 127.5 - 1.0
    if floats.shape[-2:] == like.shape[-2:]:
        return floats
    return functional.interpolate(floats, size=like.shape[-2:], mode="bilinear", align_corners=False, antialias=True)


def _owners(tier: Tier, given: patches.Answer, best: torch.Tensor) -> tuple[torch.Tensor, ...]:
    chosen = given.chosen.gather(1, best[:, None])[:, 0]
    return tier.places[chosen].unbind(dim=1)
