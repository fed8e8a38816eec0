"""What every restorer promises: a burnt image goes in, visible denoising steps come out."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from installation.errors import Refusal
from installation.knobs import knob, panel
from installation.randomness import white

if TYPE_CHECKING:
    from installation.randomness import Generator
    from installation.records import Burnt, Image, Step


DECODERS = ("full", "tiny", "tiny-steps")
FEEDBACKS = ("pixels", "latents")
SHOWN = ("steps", "result")


class ModelError(Refusal):
    """A model that cannot be loaded or must not be trusted, with the reason."""


@panel("/restore")
@dataclass(frozen=True, slots=True)
class Restoring:
    """How the reverse process is walked."""

    steps: int = knob(2, low=1, high=50, unit="steps", doc="Denoising steps per generation.")
    churn: float = knob(
        0.0, low=0.0, high=1.0, glide=0.5,
        doc="Fresh noise on the way back: 0 follows the ODE, 1 is fully ancestral (eta of Song et al. 2021).",
    )  # fmt: skip
    hold: float = knob(
        0.0, glide=0.5,
        doc="How much of what a guess leaves out comes back as grain: few steps keep their contrast (ember, euler).",
    )  # fmt: skip
    sampler: str = knob(
        "euler", choices=("euler", "dpmpp-2m", "heun", "lcm", "cold", "cold-naive"),
        doc="How the steps are taken; only euler hears churn. cold burns its guesses again with the same fire.",
    )  # fmt: skip
    evidence: float = knob(
        0.5, glide=0.5, doc="How firmly guesses are held to what the burn has kept for certain; 0 guesses everything."
    )
    guidance: float = knob(
        1.0, low=1.0, high=12.0, glide=0.5,
        doc="How far a pipeline, and ember in loud noise, goes from what is unwanted to what is wanted; 1 asks once.",
    )  # fmt: skip
    decoder: str = knob(
        "full", choices=DECODERS,
        doc="Who turns latents into pictures: the pipeline's own, the tiny one beside it, or that for the steps only.",
    )  # fmt: skip
    feedback: str = knob(
        "pixels", choices=FEEDBACKS,
        doc="What a pipeline goes on from: the picture, encoded anew, or its latents, where the loop left it alone.",
    )  # fmt: skip
    show: str = knob(
        "steps", choices=SHOWN,
        doc="Every step of a pipeline as it is taken, or its result alone: then all steps are taken at once, faster.",
    )  # fmt: skip
    walk: int = knob(
        0, low=0, high=1000, unit="generations", doc="How long the way from one prompt to the next takes; 0 jumps."
    )


class Restorer(Protocol):
    """A diffusion model behind one protocol."""

    name: str
    digest: str  # SHA-256 of the weights, or of the archive: takes say with which model they were made

    def restore(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Iterator[Step]:
        """Yield every denoising step from ``burnt.sigma`` to 0; the last ``denoised`` is the result.

        Images are B x 3 x H x W in -1 to 1. At sigma 0 one step with the image itself is yielded. All randomness
        comes from ``rng``.
        """
        ...


class Native(Protocol):
    """What a restorer has besides, when it was trained on media that are not white noise."""

    @property
    def media(self) -> Collection[str]:
        """The names of the media it knows."""
        ...

    def recover(self, image: Image, medium: str, temperature: float) -> Image:
        """The clean guess straight from the burnt image as the audience saw it: B x 3 x H x W, about -1 to 1.

        ``image`` is burnt by ``medium`` (one of ``media``) to ``temperature``: the R(x, s) of Bansal et al. 2022.
        """
        ...


def start(burnt: Burnt, rng: Generator) -> Image:
    """The burnt image in variance-exploding form, x = x0 + sigma eps, ready for a denoiser D(x, sigma).

    A medium's own noise is kept; only what is missing to ``burnt.sigma`` is added. At the hottest temperature the
    signal is gone and the noise alone is scaled to sigma. A medium without white noise that knows a better picture to
    start from than the one it shows says so in ``source``.
    """
    if burnt.noise == 0.0 and burnt.source is not None:
        return burnt.source + burnt.sigma * white(rng, burnt.source)
    signal = max(burnt.signal, burnt.noise / burnt.sigma) if burnt.noise else burnt.signal
    carried = burnt.noise / signal
    missing = math.sqrt(max(burnt.sigma**2 - carried**2, 0.0))
    image = burnt.image / signal
    return image + missing * white(rng, image) if missing > 1e-6 * burnt.sigma else image
