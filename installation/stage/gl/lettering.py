"""Lettering: overlays on the graphics card. What has not changed is not uploaded again, nor drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from installation.stage.gl.holdings import BYTE, Holdings, Size, put

if TYPE_CHECKING:
    import moderngl

    from installation.stage.overlay import Overlay

CORNERS = 4  # of a rectangle, drawn as a strip of two triangles
#: What a drawing of the ink depends on: revision, place and opacity of each overlay.
State = tuple[tuple[int, tuple[float, float], float], ...]


class Lettering:
    """All overlays in one sheet as large as the canvas: sRGB codes multiplied by their alpha."""

    def __init__(self, gl: moderngl.Context, size: Size) -> None:
        """Nothing is written yet; the sheet is made when something is."""
        self.size = size
        self._gl = gl
        self._held = Holdings(gl)
        self._drawing = self._held.drawing("overlay", "overlay")
        self._ink: moderngl.Texture | None = None
        self._target: moderngl.Framebuffer | None = None
        self._state: State = ()
        self._texts: dict[int, tuple[Holdings, moderngl.Texture]] = {}

    def __len__(self) -> int:
        """How many GL objects there are."""
        return len(self._held) + sum(len(held) for held, _ in self._texts.values())

    def written(self, overlays: Sequence[Overlay]) -> moderngl.Texture | None:
        """The sheet with these overlays, the first hindmost; None when there is nothing to be read."""
        seen = [overlay for overlay in overlays if overlay.opacity > 0.0]
        self._forget({overlay.revision for overlay in overlays})
        state = tuple((overlay.revision, overlay.at, overlay.opacity) for overlay in seen)
        if seen and state != self._state:
            self._write(seen)
        self._state = state
        return self._ink if seen else None

    def free(self) -> None:
        """Give everything back."""
        self._forget(set())
        self._held.free()

    def _write(self, overlays: Sequence[Overlay]) -> None:
        self._sheet().use()
        self._gl.clear()
        self._gl.enable(self._gl.BLEND)
        self._gl.blend_func = self._gl.ONE, self._gl.ONE_MINUS_SRC_ALPHA
        for overlay in overlays:
            height, width = overlay.pixels.shape[:2]
            self._text(overlay).use(0)
            box = *overlay.at, width, height
            put(self._drawing.program, canvas=self.size, box=box, opacity=overlay.opacity)
            self._drawing.render(self._gl.TRIANGLE_STRIP, CORNERS)
        self._gl.disable(self._gl.BLEND)

    def _sheet(self) -> moderngl.Framebuffer:
        if self._target is None:
            self._ink = self._held.texture(self.size, 4, BYTE)
            self._target = self._held.target(self._ink)
        return self._target

    def _text(self, overlay: Overlay) -> moderngl.Texture:
        if overlay.revision not in self._texts:
            held = Holdings(self._gl)
            height, width = overlay.pixels.shape[:2]
            self._texts[overlay.revision] = held, held.texture((width, height), 4, BYTE, overlay.pixels.tobytes())
        return self._texts[overlay.revision][1]

    def _forget(self, wanted: set[int]) -> None:
        for revision in self._texts.keys() - wanted:
            self._texts.pop(revision)[0].free()
