"""The orders that stand: what an engine must be told that begins in the midst of the show, wherever it is."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from installation.machine.wires import Uplink
    from installation.records import Order

#: Of each of these the last holds.
LASTING = ("play", "wear", "lora", "control", "likeness", "prompt", "rest", "wake")
#: What each of these ends: a scene comes with its own words and guides, and only one thing is worn.
ENDED = {
    "play": ("prompt", "control", "likeness"),
    "wear": ("lora",), "lora": ("wear",),
    "wake": ("rest",), "rest": ("wake",),
}  # fmt: skip


class Standing:
    """Passes orders and reports on as the uplink does, and remembers which orders still hold."""

    def __init__(self, uplink: Uplink) -> None:
        """Nothing stands yet."""
        self.report = uplink.report
        self._uplink = uplink
        self._held: dict[str, Order] = {}
        self._again: deque[Order] = deque()

    def order(self, patience: float = 0.0) -> Order | None:
        """The next order, waiting up to ``patience`` seconds. Raises ``EOFError`` when the conductor is gone."""
        if self._again:
            return self._again.popleft()
        order = _seeded(self._uplink.order(patience))
        if order is not None and order.name in LASTING:
            self._hold(order)
        return order

    def orders(self, *, begun: bool) -> list[Order]:
        """What holds, in the order in which an engine has to hear it. What has ``begun`` is gone on with."""
        held = [self._held[name] for name in LASTING if name in self._held]
        return [_resumed(order) if begun and order.name == "play" else order for order in held]

    def repeat(self, *, begun: bool) -> None:
        """Have what holds heard once more, before all that comes."""
        self._again.extend(self.orders(begun=begun))

    def _hold(self, order: Order) -> None:
        for ended in ENDED.get(order.name, ()):
            self._held.pop(ended, None)
        self._held[order.name] = order


def _seeded(order: Order | None) -> Order | None:
    """A play that leaves the seed to the engine gets one here: engines of one wall must know the same."""
    if order is None or order.name != "play" or order.data["seed"] is not None:
        return order
    return replace(order, data={**order.data, "seed": secrets.randbits(63)})


def _resumed(play: Order) -> Order:
    return replace(play, data={**play.data, "resume": True})
