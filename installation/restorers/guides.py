"""What leads a pipeline of the Stable Diffusion family besides words: at most one ControlNet and one IP-Adapter.

They are made ready beside the loop, exchanged between two generations, and shown what they look at as each begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import conditioning
from installation.conditioning import Control, Guide
from installation.knobs import knob, panel
from installation.restorers import controlnet, likeness
from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    import torch

    from installation.records import Image
    from installation.restorers.controlnet import ControlNet
    from installation.restorers.likeness import Adapter, Seen
    from installation.restorers.protocol import Restorer


@panel("/restore/control")
@dataclass(frozen=True, slots=True)
class Controlling:
    """How firmly a ControlNet holds the picture, and during which of the denoising steps."""

    strength: float = knob(
        1.0, high=2.0, glide=0.5, doc="How firmly a ControlNet holds the picture; 0 lets it go, and asks nobody."
    )
    begin: float = knob(0.0, doc="The share of a generation's denoising steps after which the ControlNet is heard.")
    end: float = knob(1.0, doc="The share of a generation's denoising steps up to which the ControlNet is heard.")

    def hears(self, step: int, steps: int) -> bool:
        """Whether a step, counted from 0, lies within the span: as diffusers' own pipelines count it."""
        return self.strength > 0.0 and step / steps >= self.begin and (step + 1) / steps <= self.end


@panel("/restore/likeness")
@dataclass(frozen=True, slots=True)
class Likening:
    """How loud the picture is that an IP-Adapter hears as a prompt."""

    scale: float = knob(
        0.6, high=1.5, glide=0.5, doc="How loud an IP-Adapter's picture is beside the words; 0 hears the words alone."
    )


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A guide that was asked for, with its network, ready to be exchanged for another."""

    wish: Guide
    network: ControlNet | Adapter

    @property
    def told(self) -> dict[str, str]:
        """What a take keeps of it."""
        return {**conditioning.table(self.wish), "digest": self.network.digest}


class Guides:
    """The guides of one pipeline's network, what they look at now, and whether the present step hears them."""

    def __init__(self, unet: Any) -> None:
        """Nothing leads yet."""
        self.unet = unet
        self._ready: dict[str, Ready] = {}
        self._seen: dict[str, tuple[Image, Any]] = {}
        self._bare: Mapping[str, Any] = {}
        self._controlling, self._step = Controlling(), (0, 1)
        self._hint: torch.Tensor | None = None
        self._heard: Seen | None = None

    @property
    def sources(self) -> frozenset[str]:
        """The names of the pictures that are looked at."""
        return frozenset(ready.wish.source for ready in self._ready.values())

    @property
    def wishes(self) -> dict[str, Guide]:
        """What was asked for of those that lead, by kind."""
        return {kind: ready.wish for kind, ready in self._ready.items()}

    @property
    def silent(self) -> bool:
        """Whether nothing leads in this generation: the network is then as it came."""
        return self._hint is None and self._heard is None

    @property
    def told(self) -> dict[str, dict[str, str] | None]:
        """What a take keeps of the guides, by kind."""
        return {kind: self._ready[kind].told if kind in self._ready else None for kind in conditioning.KINDS}

    def exchange(self, kind: str, ready: Ready | None) -> None:
        """Be led by another guide of one of ``conditioning.KINDS``, or by none, from the next generation on."""
        self._rest()
        self._seen.pop(kind, None)
        self._ready.pop(kind, None)
        if ready:
            self._ready[kind] = ready

    def follow(self, sights: Mapping[str, Image], controlling: Controlling, likening: Likening) -> None:
        """Before a generation: look at pictures, B x 3 x H x W in -1 to 1, by name.

        A guide whose picture is missing, or whose knob is at 0, rests.
        """
        self._rest()
        self._controlling = controlling
        if controlling.strength > 0.0:
            self._hint = self._look("control", sights, lambda network, picture: network.hint(picture))
        if likening.scale > 0.0:
            self._heard = self._look("likeness", sights, lambda network, picture: network.see(picture))
        if self._heard:
            self._bare = self.unet.attn_processors
            adapter: Any = self._ready["likeness"].network
            adapter.weigh(likening.scale)
            adapter.put_on(self.unet)

    def reach(self, step: int, steps: int) -> None:
        """The generation has come to this denoising step, counted from 0, of so many."""
        self._step = step, steps

    def arguments(
        self, noisy: torch.Tensor, timestep: Any, words: torch.Tensor, added: Any, *, away: bool
    ) -> dict[str, Any]:
        """What a call of the network is given besides, with ``added``, what its other conditions add.

        ``away``: it is asked what is to be gone away from, where no picture is heard.
        """
        given: dict[str, Any] = {}
        if self._hint is not None and self._controlling.hears(*self._step):
            network: Any = self._ready["control"].network
            given = network.residuals(
                noisy, timestep, words, added, hint=self._hint, strength=self._controlling.strength
            )
        if self._heard:
            heard = self._heard.nothing if away else self._heard.something
            added = {**(added or {}), "image_embeds": [heard.expand(len(noisy), *heard.shape[1:])]}
        return {**given, "added_cond_kwargs": added}

    def _look(self, kind: str, sights: Mapping[str, Image], make: Callable[[Any, Image], Any]) -> Any:
        """What a guide makes of its picture; of the same one again, like the origin, what it made before."""
        ready = self._ready.get(kind)
        picture = sights.get(ready.wish.source) if ready else None
        if ready is None or picture is None:
            return None
        if kind not in self._seen or self._seen[kind][0] is not picture:
            self._seen[kind] = picture, make(ready.network, picture)
        return self._seen[kind][1]

    def _rest(self) -> None:
        """Nothing is followed, and the network is as it came."""
        if self._heard:
            likeness.take_off(self.unet, self._bare)
        self._hint = self._heard = None


def load(wish: Guide, folder: Path, restorer: Restorer) -> Ready:
    """Make a guide ready for a restorer, from its folder, while that may play. Raises ``ModelError``."""
    guides = of(restorer)
    if guides is None:
        raise ModelError(
            f"{folder}: ControlNets and IP-Adapters lead Stable Diffusion and its kin, and what plays "
            f"({restorer.name}) is none of these. Play a scene with such a model."
        )
    if isinstance(wish, Control):
        return Ready(wish, controlnet.load(folder, wish.of, guides.unet))
    return Ready(wish, likeness.load(folder, guides.unet))


def of(restorer: Restorer) -> Guides | None:
    """The guides of a restorer; None where it can have none."""
    return getattr(restorer, "guides", None)


def exchange(restorer: Restorer, led: Mapping[str, Ready | None]) -> None:
    """Have these lead a restorer from the next generation on, by kind; one that can have none is let alone."""
    if guides := of(restorer):
        for kind, ready in led.items():
            guides.exchange(kind, ready)


def wishes(restorer: Restorer) -> dict[str, Guide]:
    """What was asked for of the guides that lead a restorer, by kind."""
    guides = of(restorer)
    return guides.wishes if guides else {}


def follow(restorer: Restorer, sights: Mapping[str, Image], controlling: Controlling, likening: Likening) -> None:
    """Let the guides of a restorer look at pictures, each cell of a wall at its own part of them: ``Guides.follow``."""
    led: Any = restorer if hasattr(restorer, "follow") else of(restorer)
    led.follow(sights, controlling, likening)


def told(restorer: Restorer) -> dict[str, dict[str, str] | None]:
    """What a take keeps of what leads a restorer, by kind."""
    guides = of(restorer)
    return guides.told if guides else dict.fromkeys(conditioning.KINDS)
