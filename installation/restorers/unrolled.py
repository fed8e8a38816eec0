"""A generation of a pipeline at once: encode, burn, every step, decode, as one function of static tensors.

Walked (see ``diffusion``) a generation shows every step, and asks the processor in between. Unrolled it shows its
result only, and asks nobody: every noise is drawn and every coefficient worked out before it begins, so a card can
record it and play it again (see ``recorded``). Both ways draw the same numbers and come to the same picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from installation.randomness import white
from installation.restorers.latents import decode, encode
from installation.restorers.protocol import ModelError
from installation.restorers.samplers import ancestral_split

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image
    from installation.restorers.embeddings import Condition

#: What a network says of noisy latents at a timestep, under a condition.
Network = Callable[["torch.Tensor", "torch.Tensor", "Condition"], "torch.Tensor"]
SAMPLERS = ("euler", "lcm")  # those whose every step looks only at the one before


@dataclass(frozen=True, slots=True)
class Stride:
    """One step's five numbers: D = skip z + out F(z / root), then z' = D + keep (z - D) + fresh eps."""

    root: float
    skip: float
    out: float
    keep: float
    fresh: float


@dataclass(frozen=True, slots=True)
class Form:
    """What has to be alike for one recording to serve two generations: whatever is no number in a tensor.

    ``start`` is the shape of what it begins from: pictures, which are encoded, or latents.
    """

    start: tuple[int, ...]
    latents: tuple[int, ...]
    steps: int
    words: tuple[int, ...]
    tiny: bool

    @property
    def encodes(self) -> bool:
        """Whether it begins from pictures."""
        return self.start != self.latents


@dataclass(frozen=True, slots=True, eq=False)
class Static:
    """The tensors of one form, which stay where they are: a recording reads what was last written into them.

    ``noise`` is (1 + steps) x latents, ``numbers`` steps x 5 as in ``Stride``, ``loud`` the first sigma, 1.
    """

    start: torch.Tensor
    noise: torch.Tensor
    loud: torch.Tensor
    numbers: torch.Tensor
    timesteps: torch.Tensor
    condition: Condition


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What one generation writes into the static tensors."""

    start: torch.Tensor
    noise: Sequence[torch.Tensor]
    loud: float
    strides: Sequence[Stride]
    timesteps: Sequence[int]
    condition: Condition


def strides(prediction: str, sigmas: Sequence[float], sampler: str, churn: float) -> Iterator[Stride]:
    """The steps down a ladder that ends at 0, for a network that predicts epsilon, v_prediction or sample.

    ``euler`` and ``lcm`` as in ``samplers``. Raises ``ModelError`` for another prediction.
    """
    for sigma, below in pairwise(sigmas):
        root = math.sqrt(1.0 + sigma**2)
        guesses = {
            "epsilon": (1.0, -sigma),
            "v_prediction": (1.0 / (1.0 + sigma**2), -sigma / root),
            "sample": (0.0, 1.0),
        }
        if prediction not in guesses:
            raise ModelError(f"The model predicts {prediction!r}; {', '.join(guesses)} are understood.")
        down, up = ancestral_split(sigma, below, churn) if sampler == "euler" else (0.0, below)
        yield Stride(root, *guesses[prediction], down / sigma, up)


def drawn(rngs: Sequence[Generator], ladder: Sequence[Stride], like: torch.Tensor) -> list[torch.Tensor]:
    """The noise of the burn and of every step, each like the latents, in the order in which walking would draw it.

    One generator for all pictures, or one for each, whose pictures then have the noise that they would have alone.
    """
    import torch

    def noise() -> torch.Tensor:
        parts = torch.split(like, 1) if len(rngs) > 1 else (like,)
        return torch.cat([white(rng, part) for rng, part in zip(rngs, parts, strict=True)])

    return [noise(), *(noise() if stride.fresh > 0.0 else torch.zeros_like(like) for stride in ladder)]


def room(form: Form, condition: Condition, device: torch.device) -> Static:
    """Static tensors for a form, nothing in them yet but a condition of the right shape."""
    import torch

    def numbers(*shape: int) -> torch.Tensor:
        return torch.zeros(shape, device=device)

    return Static(
        start=numbers(*form.start),
        noise=numbers(1 + form.steps, *form.latents),
        loud=numbers(1),
        numbers=numbers(form.steps, 5),
        timesteps=torch.zeros(form.steps, dtype=torch.long, device=device),
        condition=replace(condition, embeddings=condition.embeddings.clone(), pooled=_cloned(condition.pooled)),
    )


def _parts(condition: Condition) -> list[torch.Tensor]:
    """The tensors of a condition; Stable Diffusions have no mask."""
    return [condition.embeddings, *([] if condition.pooled is None else [condition.pooled])]


def _cloned(part: torch.Tensor | None) -> torch.Tensor | None:
    return None if part is None else part.clone()


def write(static: Static, plan: Plan) -> None:
    """Put a generation's plan into the static tensors, in place."""
    import torch

    static.start.copy_(plan.start)
    static.noise.copy_(torch.stack(list(plan.noise)))
    static.loud.fill_(plan.loud)
    rows = [(each.root, each.skip, each.out, each.keep, each.fresh) for each in plan.strides]
    static.numbers.copy_(torch.tensor(rows))
    static.timesteps.copy_(torch.tensor(plan.timesteps))
    for ours, told in zip(_parts(static.condition), _parts(plan.condition), strict=True):
        ours.copy_(told)


def paint(network: Network, vae: Any, form: Form, static: Static) -> tuple[torch.Tensor, Image]:
    """One generation from what stands in the static tensors: its latents, float32, and B x 3 x H x W in -1 to 1."""
    import torch

    with torch.no_grad():
        clean = encode(vae, static.start) if form.encodes else static.start
        z = clean + static.loud * static.noise[0]
        for step in range(form.steps):
            root, skip, out, keep, fresh = static.numbers[step]
            answer = network(z / root, static.timesteps[step], static.condition).float()
            denoised = skip * z + out * answer
            z = denoised + keep * (z - denoised) + fresh * static.noise[step + 1]
        return z, decode(vae, z)
