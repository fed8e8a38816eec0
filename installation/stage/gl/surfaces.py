"""Surfaces: the canvas as each projector must throw it, so that the wall shows it straight and in one piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from installation.stage.gl.holdings import HALF, Holdings, put
from installation.stage.outputs import DENSITY, Mesh, Output, mesh, shading

if TYPE_CHECKING:
    import moderngl


class Surface:
    """One output on the card: its mesh, and the weight and lift of each of its pixels."""

    def __init__(self, gl: moderngl.Context, program: moderngl.Program, output: Output) -> None:
        """Make it. Raises ``ImageError`` for a mask that cannot be read."""
        self.output = output
        self.held = Holdings(gl)
        shades = np.stack(shading(output), axis=-1).astype(np.float16)
        self.shading = self.held.texture((output.place.width, output.place.height), 2, HALF, shades.tobytes())
        self.drawing = self.held.mesh(program, points(mesh(output)), triangles(DENSITY))


class Surfaces:
    """All outputs. Only one that has changed is made anew."""

    def __init__(self, gl: moderngl.Context) -> None:
        """Nothing is thrown yet."""
        self._gl = gl
        self._held = Holdings(gl)
        self._program = self._held.program("output", "output")
        self._surfaces: dict[Output, Surface] = {}

    def __len__(self) -> int:
        """How many GL objects there are."""
        return len(self._held) + sum(len(surface.held) for surface in self._surfaces.values())

    def draw(
        self, canvas: moderngl.Texture, outputs: Sequence[Output], into: moderngl.Framebuffer, opening: float, turn: int
    ) -> None:
        """Every output in its place, black elsewhere. ``opening`` is the curtain's, ``turn`` stirs the dither."""
        self._forget(set(outputs))
        into.use()
        into.scissor = 0, 0, *into.size
        into.clear()
        canvas.use(0)
        put(self._program, canvas=0, shading=1, window=into.size, opening=opening, turn=turn)
        for output in outputs:
            surface, box = self._surface(output), output.place
            into.scissor = box.x, into.size[1] - box.y - box.height, box.width, box.height
            surface.shading.use(1)
            put(self._program, box=box, gain=output.gain, gamma=output.gamma)
            surface.drawing.render()
        into.scissor = 0, 0, *into.size

    def free(self) -> None:
        """Give everything back."""
        self._forget(set())
        self._held.free()

    def _surface(self, output: Output) -> Surface:
        if output not in self._surfaces:
            self._surfaces[output] = Surface(self._gl, self._program, output)
        return self._surfaces[output]

    def _forget(self, wanted: set[Output]) -> None:
        for output in self._surfaces.keys() - wanted:
            self._surfaces.pop(output).held.free()


def points(surface: Mesh) -> bytes:
    """For every vertex x, y and depth in the output and x, y on the canvas, five float32."""
    return np.concatenate([surface.vertices, surface.depths[..., None], surface.canvas], axis=-1).tobytes()


def triangles(density: int) -> bytes:
    """Two triangles for each cell of a density x density mesh, three uint32 each."""
    first = np.arange(density * density, dtype=np.uint32).reshape(density, density)[:-1, :-1].ravel()[:, None]
    return (first + np.array([0, 1, density, 1, density + 1, density], np.uint32)).tobytes()
