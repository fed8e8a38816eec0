"""The table: test cards on the graphics card, laid over the outputs they belong to. Uploaded when they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from installation.stage.gl.holdings import BYTE, Holdings, draw

if TYPE_CHECKING:
    import moderngl

    from installation.stage.patterns import Card
    from installation.stage.placement import Box

RGB = 3


class Table:
    """One texture for each place at which a card lies."""

    def __init__(self, gl: moderngl.Context) -> None:
        """No card lies there."""
        self._gl = gl
        self._held = Holdings(gl)
        self._drawing = self._held.drawing("whole", "card")
        self._lying: dict[Box, tuple[Holdings, moderngl.Texture, int]] = {}

    def __len__(self) -> int:
        """How many GL objects there are."""
        return len(self._held) + sum(len(held) for held, _, _ in self._lying.values())

    def lay(self, cards: Sequence[Card], into: moderngl.Framebuffer) -> None:
        """Draw the cards in their places over what is there."""
        self._forget({card.place for card in cards})
        into.use()
        for card in cards:
            box = card.place
            into.scissor = box.x, into.size[1] - box.y - box.height, box.width, box.height
            self._texture(card).use(0)
            draw(self._drawing, pixels=0, box=box, window=into.size)
        into.scissor = 0, 0, *into.size

    def free(self) -> None:
        """Give everything back."""
        self._forget(set())
        self._held.free()

    def _texture(self, card: Card) -> moderngl.Texture:
        if card.place not in self._lying:
            held = Holdings(self._gl)
            self._lying[card.place] = held, held.texture((card.place.width, card.place.height), RGB, BYTE), 0
        held, texture, revision = self._lying[card.place]
        if card.revision != revision:
            texture.write(card.pixels)
            self._lying[card.place] = held, texture, card.revision
        return texture

    def _forget(self, wanted: set[Box]) -> None:
        for place in self._lying.keys() - wanted:
            self._lying.pop(place)[0].free()
