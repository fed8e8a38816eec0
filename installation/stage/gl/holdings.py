"""GL objects: made once, counted, and freed together. Nothing on a graphics card is freed by being forgotten."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import moderngl

    Held = moderngl.Texture | moderngl.Framebuffer | moderngl.Buffer | moderngl.Program | moderngl.VertexArray

SHADERS = Path(__file__).parents[1] / "shaders"
HALF, SINGLE, BYTE = "f2", "f4", "f1"  # what a texture's channels are: 16 or 32 bit floats, or 0 to 1 in 8 bits
TRIANGLE = 3  # points: one triangle covers everything
Size = tuple[int, int]  # width and height in pixels


class Holdings:
    """The GL objects of one owner. ``len`` counts them; ``free`` gives all back."""

    def __init__(self, gl: moderngl.Context) -> None:
        """Nothing is held yet."""
        self.gl = gl
        self._held: list[Held] = []

    def __len__(self) -> int:
        return len(self._held)

    def texture(self, size: Size, channels: int, dtype: str, data: bytes | None = None) -> moderngl.Texture:
        """A texture that is read between its pixels and ends at its edges."""
        texture = self.gl.texture(size, channels, data, dtype=dtype)
        self._held.append(texture)
        texture.repeat_x = texture.repeat_y = False
        texture.filter = (self.gl.LINEAR, self.gl.LINEAR)
        return texture

    def target(self, texture: moderngl.Texture) -> moderngl.Framebuffer:
        """What draws into this texture."""
        framebuffer = self.gl.framebuffer([texture])
        self._held.append(framebuffer)
        return framebuffer

    def program(self, vertex: str, fragment: str) -> moderngl.Program:
        """A program from two files in ``shaders/``. Raises ``moderngl.Error`` with the driver's words."""
        for part in SHADERS.glob("*.glsl"):
            self.gl.includes[part.name] = source(part.name)
        program = self.gl.program(vertex_shader=source(f"{vertex}.vert"), fragment_shader=source(f"{fragment}.frag"))
        self._held.append(program)
        return program

    def drawing(self, vertex: str, fragment: str) -> moderngl.VertexArray:
        """A program whose vertex shader needs no points, ready to be drawn."""
        drawing = self.gl.vertex_array(self.program(vertex, fragment), [])
        self._held.append(drawing)
        return drawing

    def mesh(self, program: moderngl.Program, points: bytes, triangles: bytes) -> moderngl.VertexArray:
        """Points, each ``at`` (three floats) and ``on_canvas`` (two), and the triangles (uint32) between them."""
        vertices, indices = self.gl.buffer(points), self.gl.buffer(triangles)
        drawing = self.gl.vertex_array(program, [(vertices, "3f 2f", "at", "on_canvas")], index_buffer=indices)
        self._held += [vertices, indices, drawing]
        return drawing

    def free(self) -> None:
        """Give everything back, the last first. None of it may be bound: moderngl would bind it again, freed."""
        while self._held:
            self._held.pop().release()


def draw(drawing: moderngl.VertexArray, **uniforms: Any) -> None:
    """Draw a triangle that covers all that is bound, with these values for the program's uniforms."""
    put(drawing.program, **uniforms)
    drawing.render(vertices=TRIANGLE)


def put(program: moderngl.Program, **uniforms: Any) -> None:
    """Give a program's uniforms these values. Raises ``KeyError`` for one it does not have."""
    for uniform, value in uniforms.items():
        program[uniform] = value


@functools.cache
def source(name: str) -> str:
    """The text of a shader."""
    return (SHADERS / name).read_text(encoding="utf-8")
