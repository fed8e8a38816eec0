"""Lesions: damage to the weights of the network that plays, and its exact undoing.

Nothing on the disk is touched. The damage is a pure function of the healthy weights and the knobs, so that a take can
be rendered again, and a growing share only adds to it: what is lost at one tenth is lost at two tenths.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from installation.knobs import knob, panel

if TYPE_CHECKING:
    import torch

    from installation.restorers.protocol import Restorer

PARTS = ("all", "in", "middle", "out", "attention", "clock")
#: Each kind with the power that turns the knob into a share of the network. Measured with ember: with it the picture
#: moves away from the healthy one about evenly along the slider, while a first hundredth of all neurons costs a third
#: of what can be lost.
KINDS = {"weights": 2.0, "neurons": 3.0, "noise": 2.0, "low-pass": 0.75}
#: Where a layer stands in diffusers' UNets, by how its name begins. Transformers are cut into thirds of their depth.
PLACES = {"conv_in": "in", "down_blocks": "in", "mid_block": "middle", "up_blocks": "out", "conv_out": "out"}
CLOCK = ("time_", "timestep", "class_embedding", "add_embedding")  # who tells a network the noise, and the caption
WRAPPED = ".base_layer"  # how peft names what it hangs an adapter around
ADAPTERS = ("lora_", "_ip.", "encoder_hid_proj.")  # what is hung into a network: by peft, and for an IP-Adapter
WORD = 2**32


@panel("/lesion")
@dataclass(frozen=True, slots=True)
class Lesion:
    """Reversible damage to the weights of the model that plays; a share of 0 heals it, bit for bit."""

    share: float = knob(
        0.0, glide=2.0, doc="How much of the model is damaged, on a scale for the eye; 0 heals it exactly."
    )
    kind: str = knob(
        "weights", choices=KINDS,
        doc="What is done: single weights cut, whole neurons cut, noise on weights, or every layer's weights blurred.",
    )  # fmt: skip
    part: str = knob(
        "all", choices=PARTS, doc="Where: clock tells the model how noisy a picture is; ember hardly uses its middle."
    )
    strength: float = knob(
        1.0, high=2.0, glide=0.5, doc="How far what is hit moves: 1 is the whole way, 2 as far again beyond it."
    )
    seed: int = knob(0, high=9999, doc="Which weights are hit: the same number, the same lesion.")

    @property
    def harmless(self) -> bool:
        """Whether it leaves every weight as it is."""
        return self.share == 0.0 or self.strength == 0.0


class Weights:
    """The weights of networks that play, as they are now, and what they were: at most one copy of what is damaged."""

    def __init__(self, *networks: Any) -> None:
        """Nothing is copied until something is damaged, in each network the same part."""
        self._networks = networks
        self._healthy: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._lesion = Lesion()

    @property
    def kept_bytes(self) -> int:
        """How much memory the healthy copies take now."""
        return sum(healthy.nbytes for _, healthy in self._healthy)

    def suffer(self, lesion: Lesion) -> None:
        """Have this lesion and no other; a harmless one heals."""
        if lesion == self._lesion:
            return
        self.heal()
        if not lesion.harmless:
            for network in self._networks:
                self._damage(network, lesion)
        self._lesion = lesion

    def _damage(self, network: Any, lesion: Lesion) -> None:
        import torch

        with torch.no_grad():
            for name, weight in layers(network.named_parameters(), lesion.part):
                healthy = weight.clone()
                self._healthy.append((weight, healthy))
                weight.copy_(damaged(healthy, lesion, name))

    def heal(self) -> None:
        """Put everything back as it was, and forget the copies."""
        import torch

        with torch.no_grad():
            for weight, healthy in self._healthy:
                weight.copy_(healthy)
        self._healthy.clear()
        self._lesion = Lesion()


def wound(restorer: Restorer, lesion: Lesion) -> None:
    """Let a restorer suffer a lesion before it restores; one without weights feels nothing."""
    if weights := getattr(restorer, "weights", None):
        weights.suffer(lesion)


def numb(restorer: Restorer, lesion: Lesion) -> str | None:
    """The sentence to say where a lesion has nothing to damage; None where it has, or does no harm."""
    if lesion.harmless or getattr(restorer, "weights", None):
        return None
    return f"the {restorer.name} has no weights, only pictures: /lesion damages nothing. Play a scene with ember."


def layers(parameters: Iterable[tuple[str, torch.Tensor]], part: str) -> Iterator[tuple[str, torch.Tensor]]:
    """The matrices and filters in a part of a network, by name.

    Offsets and norms are let alone, as without them there is no picture; so are adapters, which can be taken off.
    """
    named = [(name.replace(WRAPPED, ""), weight) for name, weight in parameters if not _is_hung(name)]
    thick = [(name, weight) for name, weight in named if weight.ndim > 1]
    for place, (name, weight) in enumerate(thick):
        if part == "all" or part in parts(name, place / len(thick)):
            yield name, weight


def _is_hung(name: str) -> bool:
    return any(hung in name for hung in ADAPTERS)


def parts(name: str, depth: float) -> frozenset[str]:
    """The parts of a network that a layer belongs to, by its name and, 0 to 1, its depth."""
    if any(word in name for word in CLOCK):
        return frozenset({"clock"})
    thirds = ("in", "middle", "out")[int(3.0 * depth)]
    where = next((place for begin, place in PLACES.items() if name.startswith(begin)), thirds)
    return frozenset({where, "attention"} if "attn" in name or "attention" in name else {where})


def damaged(healthy: torch.Tensor, lesion: Lesion, name: str) -> torch.Tensor:
    """A layer's weights under a lesion, in their own shape and dtype: N x ... to the same."""
    weight, share = healthy.float(), lesion.share ** KINDS[lesion.kind]
    dice = zlib.crc32(f"{lesion.seed} {name}".encode())
    match lesion.kind:
        case "neurons":
            rows = weight.flatten(1)[:, :1]
            hit = (weight.flatten(1) * _spared(rows, dice, share)).reshape(weight.shape)
        case "noise":
            grain = math.sqrt(12.0) * weight.std() * (uniform(weight, dice + 1) - 0.5)
            hit = weight + grain * ~_spared(weight, dice, share)
        case "low-pass":
            hit = low_passed(weight, share)
        case _:
            hit = weight * _spared(weight, dice, share)
    return weight.lerp(hit, lesion.strength).to(healthy.dtype)


def low_passed(weight: torch.Tensor, share: float) -> torch.Tensor:
    """Weights without their high frequencies, of which ``share`` takes none (0) to all but the mean (1).

    Filters of more than one tap are blurred over their taps, each by itself; matrices over neighbouring neurons. The
    gain is Gaussian, exp(-f^2 / 2 w^2) with f in Nyquist frequencies and w = (1 - share) / share.
    """
    import torch

    plane = weight if weight.shape[-1] > 1 and weight.ndim > 2 else weight.flatten(1)  # noqa: PLR2004 - a filter
    high, wide = plane.shape[-2:]
    up, along = (2.0 * torch.fft.fftfreq(side, device=weight.device) for side in (high, wide))
    squares = up.square().unsqueeze(1) + along[: wide // 2 + 1].square()
    gain = torch.exp(-0.5 * squares * (share / max(1.0 - share, 1e-6)) ** 2)
    blurred: torch.Tensor = torch.fft.irfft2(torch.fft.rfft2(plane) * gain, s=(high, wide))
    return blurred.reshape(weight.shape)


def uniform(like: torch.Tensor, dice: int) -> torch.Tensor:
    """Numbers from 0 to 1 in the shape of ``like``, which depend only on ``dice`` and the place: a hash, no sequence.

    So they are the same on every device, where they are computed; drawn on the processor, those of a large model
    would take seconds. Rounds of xor, shift and multiply, with factors so small that no product overflows.
    """
    import torch

    place = torch.arange(like.numel(), device=like.device)
    for shift, factor, key in ((16, 0x7FEB352D, dice % WORD), (15, 0x2C1B3C6D, 0), (16, 0x297A2D39, 0)):
        place.bitwise_xor_(place >> shift).mul_(factor).bitwise_and_(WORD - 1).bitwise_xor_(key)
    return ((place >> 8).float() / 2**24).reshape(like.shape)  # 24 bits are what a float32 holds


def _spared(like: torch.Tensor, dice: int, share: float) -> torch.Tensor:
    """What is not among the share that is hit."""
    return uniform(like, dice) >= share
