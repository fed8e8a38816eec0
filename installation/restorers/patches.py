"""Denoising by patches alone: a local score machine over a pyramid of archive pictures.

The ideal denoiser of a finite set returns nothing but members of the set. Applied to every small window by itself it
returns mosaics of them, which is what a convolutional network learns to do (Kamb & Ganguli, "An analytic theory of
creativity in convolutional diffusion models", ICML 2025). Loud noise is answered on a coarse level of the pyramid,
where a patch spans half a picture, quiet noise on the finest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    from installation.records import Image

SIDE = 8  # pixels of a patch, at its own level
STRIDE = 4  # pixels between the windows of the picture to be denoised: half a patch, so that seams melt
STRIDES = (4, 4, 2, 2, 1, 1)  # between archive patches, level by level: the smaller the picture, the denser
KNEE = 0.5  # the noise, in units of the image, at which a level hands over to the coarser one
MOST = 65_536  # patches kept per level: 50 MB of float32, and a search that stays inside a video frame or two
KEPT = (28, 6, 6)  # cosines compared, of brightness and two opponent colours, of 64 each
NEAREST = 16  # patches weighed per window: at the knee the 17th has lost four orders of magnitude
EXACT = 4_000_000  # distances up to which every patch is weighed against every window, without an index
LISTS = 256  # cells of the index; with 4 probed, 93 % of the true nearest are found
PROBES = 4
FEWEST_INDEXED = 16_384  # below this a search through all is as quick


@dataclass(frozen=True, slots=True, eq=False)
class Tier:
    """The archive at one level of the pyramid: N patches, where each is from, and how to find the nearest.

    ``patches`` is N x 192 in -1 to 1, ``places`` N x 3 (picture, top, left, the last two in pixels of the archive's
    full size); ``coordinates`` (N x 40) are the patches along ``axes``, ``index`` a faiss index over them, or None on a
    small tier.
    """

    level: int
    patches: torch.Tensor
    places: torch.Tensor
    axes: torch.Tensor
    coordinates: torch.Tensor
    index: Any


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The archive patches a window is answered with: indices into the tier and weights that sum to 1, Q x K."""

    chosen: torch.Tensor
    weights: torch.Tensor


def levels(side: int) -> int:
    """How many levels a picture has whose shorter side is this long: the coarsest still holds one patch, at most 6."""
    return min(int(math.log2(max(side // SIDE, 1))) + 1, len(STRIDES))


def level_for(sigma: float, side: int) -> int:
    """The level that answers noise of this sigma, ceil(log2(sigma / 0.5)): averaging by 2^l divides noise by 2^l."""
    wanted = math.ceil(math.log2(max(sigma, 1e-9) / KNEE))
    return min(max(wanted, 0), levels(side) - 1)


def tiers_of(pictures: Image) -> tuple[Tier, ...]:
    """Cut M x 3 x S x S pictures into the patches of every level and index them. Deterministic."""
    from torch.nn import functional

    tiers = []
    for level in range(levels(pictures.shape[-1])):
        pictures = functional.avg_pool2d(pictures, 2) if level else pictures
        tiers.append(_tier(pictures, level))
    return tuple(tiers)


def axes() -> torch.Tensor:
    """The 40 directions in which patches are compared, 192 x 40, orthonormal: the slowest cosines of three colours.

    28 of brightness, 6 of each opponent colour. They hold 96 to 99 % of the variance of the shipped archive, one or
    two less than its principal components would, and are the same for every archive.
    """
    import torch

    n = torch.arange(float(SIDE))
    cosines = torch.cos(math.pi * (n + 0.5) * n[:, None] / SIDE) * math.sqrt(2.0 / SIDE)
    cosines[0] /= math.sqrt(2.0)
    slowest = (n[:, None] ** 2 + n**2).flatten().argsort(stable=True)
    opponents = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [1.0, -2.0, 1.0]])
    opponents = opponents / opponents.norm(dim=1, keepdim=True)
    waves = torch.einsum("kc,uy,vx->kuvcyx", opponents, cosines, cosines).reshape(3, SIDE**2, -1)
    return torch.cat([waves[colour, slowest[:kept]] for colour, kept in enumerate(KEPT)]).T.contiguous()


def answer(tier: Tier, windows: torch.Tensor, sigma: float) -> Answer:
    """Weigh archive patches by exp(-d^2 / 2 sigma^2) against Q x 192 windows with noise ``sigma`` (at this level).

    Over all patches where that is affordable, else over the nearest 16: the posterior mean of the tier
    (Karras et al. 2022, appendix B.3).
    """
    import torch

    queries = windows @ tier.axes
    if tier.index is None or len(queries) * len(tier.patches) <= EXACT:
        chosen, distances = _all(tier, queries)
    else:
        chosen, distances = _nearest(tier, queries)
    return Answer(chosen, torch.softmax(-distances / (2.0 * max(sigma, 1e-6) ** 2), dim=1))


def denoise(tier: Tier, x: Image, sigma: float) -> Image:
    """D(x, sigma) by the patches of one level: B x 3 x H x W in and out, all values within those of the archive."""
    from torch.nn import functional

    scale = 2**tier.level
    coarse = functional.avg_pool2d(x, scale)
    given = answer(tier, windows(coarse), sigma / scale)
    denoised = paste(blend(tier, given), coarse)
    # in double precision for the same reason as in blend
    fine = functional.interpolate(denoised.double(), size=x.shape[-2:], mode="bilinear", align_corners=False)
    return fine.to(x.dtype)


def blend(tier: Tier, given: Answer) -> torch.Tensor:
    """The weighted mean of each window's patches, Q x 192."""
    from torch.nn import functional

    if given.chosen.shape[1] == len(tier.patches):
        # in double precision, as the last bit of a float32 sum this long follows the number of threads
        return (given.weights.double() @ tier.patches.double()).to(given.weights.dtype)
    return functional.embedding_bag(given.chosen, tier.patches, per_sample_weights=given.weights, mode="sum")


def windows(x: Image) -> torch.Tensor:
    """Every window of 8 x 8 px at a stride of 4, row by row, image by image: Q x 192. Edges repeat to fill the last."""
    from torch.nn import functional

    padded = functional.pad(x, (0, -x.shape[-1] % STRIDE, 0, -x.shape[-2] % STRIDE), mode="replicate")
    columns = functional.unfold(padded, SIDE, stride=STRIDE)
    return columns.transpose(1, 2).reshape(-1, columns.shape[1])


def grid(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the windows of a picture of this size."""
    return (math.ceil(height / STRIDE) - 1, math.ceil(width / STRIDE) - 1)


def paste(patches: torch.Tensor, like: Image) -> Image:
    """Put the windows back, each under a Hann window, and divide by the sum of those: the inverse of ``windows``."""
    import torch
    from torch.nn import functional

    batch, _, height, width = like.shape
    size = (height + -height % STRIDE, width + -width % STRIDE)
    hann = torch.sin(math.pi * (torch.arange(SIDE, dtype=like.dtype) + 0.5) / SIDE) ** 2
    flat = torch.outer(hann, hann).flatten().repeat(3)
    columns = (patches * flat).reshape(batch, -1, len(flat)).transpose(1, 2)
    cover = flat[None, :, None].expand(1, -1, columns.shape[2])
    summed = functional.fold(columns, size, SIDE, stride=STRIDE) / functional.fold(cover, size, SIDE, stride=STRIDE)
    return summed[..., :height, :width]


def _tier(coarse: Image, level: int) -> Tier:
    """The tier of one level, from pictures already averaged down to it."""
    import torch

    stride = STRIDES[level]
    kept = _draw(_contrast(coarse, stride), max(MOST // len(coarse), 1))
    number = torch.arange(len(coarse))[:, None].expand_as(kept).flatten()
    columns = (coarse.shape[-1] - SIDE) // stride + 1
    row, column = kept.flatten() // columns, kept.flatten() % columns
    cut = coarse.unfold(2, SIDE, stride).unfold(3, SIDE, stride)  # a view: only the kept windows are copied
    patches = cut[number, :, row, column].flatten(1)
    places = torch.stack([number, row * stride << level, column * stride << level], dim=1)
    directions = axes()
    coordinates = patches @ directions
    return Tier(level, patches, places, directions, coordinates, _index(coordinates))


def _contrast(coarse: Image, stride: int) -> torch.Tensor:
    """The standard deviation of every candidate patch, M x P."""
    from torch.nn import functional

    mean, square = (functional.avg_pool2d(image.mean(dim=1), SIDE, stride) for image in (coarse, coarse**2))
    return (square - mean**2).clamp(min=0.0).sqrt().flatten(1)


def _draw(contrast: torch.Tensor, quota: int) -> torch.Tensor:
    """Draw at most ``quota`` of each row's patches in proportion to contrast (Efraimidis & Spirakis 2006).

    Every picture gives an equal share, and the flat patches of many skies count as the one patch they are.
    """
    import torch

    chance = np.random.default_rng(len(contrast)).random(tuple(contrast.shape))
    keys = np.log(chance) / (contrast.numpy() + 0.05)  # flat ones keep a chance: a sky of few patches blotches
    return torch.from_numpy(np.sort(np.argsort(keys, axis=1)[:, -quota:], axis=1))


def _index(coordinates: torch.Tensor) -> Any:
    """A faiss inverted file with exact distances. Its k-means starts from faiss's own fixed seed."""
    import faiss

    if len(coordinates) < FEWEST_INDEXED:
        return None
    cells = faiss.IndexFlatL2(coordinates.shape[1])
    index = faiss.IndexIVFFlat(cells, coordinates.shape[1], min(LISTS, len(coordinates) // 64))
    index.nprobe = PROBES
    index.cp.niter, index.cp.max_points_per_centroid = 6, 64  # cells need not be perfect, and loading must be quick
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # the sums of k-means would come out otherwise with every number of threads
    index.train(coordinates.numpy())
    faiss.omp_set_num_threads(threads)
    index.add(coordinates.numpy())
    return index


def _nearest(tier: Tier, queries: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    distances, chosen = tier.index.search(queries.contiguous().numpy(), NEAREST)
    # faiss answers -1 where its cells hold too few; such places get no weight
    missing = torch.from_numpy(chosen < 0)
    return torch.from_numpy(chosen).clamp(min=0), torch.from_numpy(distances).masked_fill(missing, torch.inf)


def _all(tier: Tier, queries: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    exact = torch.cdist(queries, tier.coordinates, compute_mode="donot_use_mm_for_euclid_dist") ** 2
    return torch.arange(len(tier.patches)).expand(len(queries), -1), exact
