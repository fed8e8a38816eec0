"""What crosses the boundaries: frozen, picklable, printable records.

No tensor leaves the engine: ``Burnt`` and ``Step`` live inside it, everything else may travel between processes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

#: What a picture on its way to the audience shows: a stage of burning, a step of restoring, a finished generation.
Showing = Literal["burn", "restore", "generation"]

if TYPE_CHECKING:
    import numpy as np
    import torch

    #: B x 3 x H x W, float32, sRGB-coded, nominally -1 to 1 (the range diffusion models are trained in).
    Image = torch.Tensor
    #: H x W x 3 uint8 sRGB: what a screen or a film takes.
    Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """Something somebody wants: an address and its arguments, from any door (OSC, calendar, cue, scene, replay)."""

    address: str
    arguments: tuple[float | int | bool | str, ...] = ()
    source: str = "local"
    stamp_ns: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """A command from the conductor to one of its processes. ``name`` says what, ``data`` with what."""

    name: str
    data: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What a process tells the conductor: ``ready``, ``generation``, ``refused`` and so on."""

    name: str
    data: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Burnt:
    """A burnt image and how badly it is burnt: what a medium hands to a restorer.

    ``image = signal * source + noise * white noise``. ``sigma`` is the variance-exploding noise level, in units
    of the image, from which a Gaussian restorer must start: at that level noise covers whatever the medium destroyed.
    For the Gaussian medium ``signal = cos phi``, ``noise = sin phi``, ``sigma = tan phi``, ``phi = pi T / 2``
    (SNR matched, Ho et al. 2020); a medium that adds no noise has ``signal = 1`` and ``noise = 0``. ``source`` is what
    is left without the white noise, where the medium knows it: a restorer that works in latents burns that to the
    same SNR itself, as no encoder can read an image through noise. Without white noise it is what to start from, where
    that is not what the audience saw.

    ``medium`` is the name it is filed under. ``evidence``, where the medium keeps some of the image for certain,
    corrects a guess of the clean image so that it agrees with what was kept (data consistency: DDNM, Wang et al. 2022;
    ILVR, Choi et al. 2021). ``again`` burns a guess to any temperature with the very same random numbers: D(x, T) of
    Cold Diffusion (Bansal et al. 2022). ``homeward``, where the fire's steps can be taken back, gives that many
    pictures on the way. ``burns.burn`` fills in ``medium`` and ``again``. ``latents`` are those that ``source`` was
    decoded from, where the loop has kept them: a latent restorer need not encode it.
    """

    image: Image
    temperature: float
    sigma: float
    signal: float = 1.0
    noise: float = 0.0
    source: Image | None = None
    medium: str = "gaussian"
    evidence: Callable[[Image], Image] | None = None
    again: Callable[[Image, float], Burnt] | None = None
    homeward: Callable[[int], Iterator[Image]] | None = None
    latents: torch.Tensor | None = None


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One visible step of restoring: ``x`` as it stands, ``denoised`` as the restorer guesses it.

    ``x`` is variance exploding, image plus sigma noise. A latent restorer, which would have to decode twice, gives
    the picture shown last instead and says ``noisy=False``; ``latents`` are then those ``denoised`` was decoded from.
    """

    index: int
    sigma: float
    x: Image
    denoised: Image
    noisy: bool = True
    latents: torch.Tensor | None = None


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture on its way to the audience; ``serial`` counts frames, ``generation`` and ``phase`` say what it is."""

    serial: int
    stamp_ns: int
    generation: int
    phase: Showing
    temperature: float
    pixels: Pixels


@dataclasses.dataclass(frozen=True, slots=True)
class Generation:
    """One turn of the loop, complete enough to be rendered again.

    ``knobs`` are the values as used, choices by name, ``digest`` is the BLAKE2b-128 of the float32 image it produced,
    ``readings`` are named measurements, ``seconds`` is what it took. With ``parent`` 0 it grew from the origin, or from
    the picture that the keeper put in its place: ``source`` is its path below assets/. ``prompt`` is what the restorer
    was told to see, a blend in words where it is on its way between two. What came from outside is kept
    with the take: ``glimpse`` names the picture that was mixed in, ``guide`` the one that led the restorer (see
    ``conditioning``), and ``source`` may name one that became the origin. One that was ``spared`` stood so still that
    it was not restored.
    """

    serial: int
    parent: int
    seed: int
    scene: str
    medium: str
    temperature: float
    knobs: Mapping[str, float | int | bool | str]
    readings: Mapping[str, float]
    digest: str
    seconds: float
    source: str = ""
    glimpse: str = ""
    prompt: str = ""
    guide: str = ""
    spared: bool = False
