"""The stage on a graphics card: one window of OpenGL over all outputs, everything drawn by the painter, one flip."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from installation.errors import Refusal
from installation.stage.gl.painter import Painter
from installation.stage.outputs import whole
from installation.stage.window import Window

if TYPE_CHECKING:
    import moderngl

    from installation.records import Pixels
    from installation.stage.exposure import Exposure
    from installation.stage.outputs import Output

CHECKED = 60  # flips between two looks for an error: a look may make the driver wait
EMULATED = ("llvmpipe", "softpipe", "swrast", "SwiftShader", "GDI Generic")  # renderers that are no cards


class GraphicsError(Refusal):
    """OpenGL that is not there, or has failed."""


class Graphics:
    """A presenter that has a graphics card."""

    def __init__(self, window: Window, canvas: tuple[int, int], fit: str) -> None:
        """Draw into this window of OpenGL, from a canvas of this size. Raises ``GraphicsError`` when that fails."""
        self.window, self.canvas = window, canvas
        self._flips = 0
        self._whole = (whole(*window.size),)
        with errors():
            self._gl = context()
            self._painter = Painter(self._gl, self._gl.detect_framebuffer(), canvas, fit)
        self.renderer = str(self._gl.info["GL_RENDERER"])

    @property
    def objects(self) -> int:
        """How many GL objects are held."""
        return len(self._painter)

    @property
    def emulated(self) -> bool:
        """Whether the processor plays the card."""
        return is_emulated(self.renderer)

    def show(self, exposure: Exposure, outputs: Sequence[Output]) -> None:
        """Paint, and flip; no outputs are one over the whole window. Raises ``GraphicsError`` when the card fails."""
        self._flips += 1
        with errors():
            self._painter.paint(exposure, outputs or self._whole)
            if self._flips % CHECKED == 1 and (error := self._gl.error) != "GL_NO_ERROR":
                raise GraphicsError(f"OpenGL has failed on {self.renderer} ({error}).")
        self.window.flip()

    def blank(self) -> None:
        """Flip to black."""
        with errors():
            self._gl.screen.clear()
        self.window.flip()

    def glance(self, width: int) -> Pixels:
        """What is in the window, as sRGB pixels, ``width`` of them across. Raises ``GraphicsError``."""
        import cv2

        height = max(round(width * self.window.size[1] / self.window.size[0]), 1)
        with errors():
            seen = self._painter.pixels()
        return cv2.resize(seen, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value] # no shapes

    def describe(self) -> str:
        """What it is, in words that follow a comma."""
        return f"drawn by OpenGL on {self.renderer}"

    def close(self) -> None:
        """Free what is on the card and give the display back; a card that has failed keeps what it has."""
        with contextlib.suppress(GraphicsError), errors():
            self._painter.free()
        self.window.close()


def context() -> moderngl.Context:
    """The context of the window that SDL has opened, by EGL or GLX. Raises ``GraphicsError`` when there is none."""
    import moderngl

    try:
        moderngl.init_context()
    except (RuntimeError, OSError, AttributeError, moderngl.Error) as error:
        raise GraphicsError(f"There is no OpenGL in the window ({error}).") from error
    return moderngl.get_context()


def standalone() -> moderngl.Context:
    """A context of OpenGL 3.3 without any window, by EGL; it is current now. Raises ``GraphicsError``."""
    import moderngl

    try:
        return moderngl.create_standalone_context(backend="egl", require=330)  # type: ignore[arg-type] # its stubs know no backend
    except (RuntimeError, OSError, ValueError, moderngl.Error) as error:
        raise GraphicsError(f"There is no OpenGL ({error}).") from error


def windowless() -> str:
    """Who draws OpenGL 3.3 on this machine, with a star where that is the processor. Raises ``GraphicsError``."""
    made = standalone()
    renderer = str(made.info["GL_RENDERER"])
    made.release()
    return renderer + ("*" if is_emulated(renderer) else "")


def is_emulated(renderer: str) -> bool:
    """Whether a renderer of this name is no card: the processor draws."""
    return any(name in renderer for name in EMULATED)


@contextlib.contextmanager
def errors() -> Iterator[None]:
    """What the card's library throws, as a sentence."""
    import moderngl

    try:
        yield
    except moderngl.Error as error:
        raise GraphicsError(f"OpenGL has failed ({error}).") from error
