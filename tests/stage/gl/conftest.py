"""A graphics card for tests: Mesa's llvmpipe through EGL, or whatever card is there."""

import moderngl
import numpy as np
import pytest

from installation.stage.exposure import Exposure
from installation.stage.gl.painter import Painter
from installation.stage.outputs import whole


@pytest.fixture(scope="session")
def card():
    """A context of OpenGL without a window."""
    try:
        context = moderngl.create_standalone_context(backend="egl", require=330)  # type: ignore[arg-type] # its stubs know no backend
    except Exception as error:  # noqa: BLE001 - the library throws nothing narrower
        pytest.skip(f"no OpenGL through EGL ({error}); install the packages libegl1, libegl-mesa0 and libgl1-mesa-dri")
    return context


@pytest.fixture
def gl(card):
    """The same, current whoever opened another one meanwhile."""
    with card:
        yield card


class Projection:
    """A painter with a framebuffer of its own."""

    def __init__(self, gl, size, canvas, fit):
        self.size = size
        self.rest = gl.simple_framebuffer((1, 1))
        self.sheet = gl.texture(size, 4)
        self.target = gl.framebuffer([self.sheet])
        self.painter = Painter(gl, self.target, canvas or size, fit)

    def show(self, picture, outputs=(), **exposure):
        """What a window of this size shows, H x W x 3 uint8."""
        self.painter.paint(Exposure(np.asarray(picture, np.float32), **exposure), outputs or (whole(*self.size),))
        return self.seen()

    def seen(self):
        width, height = self.size
        rows = np.frombuffer(self.target.read(components=3, alignment=1), np.uint8)
        return rows.reshape(height, width, 3)[::-1].copy()

    def close(self):
        self.painter.free()
        self.rest.use()  # what is bound must not be released
        self.target.release()
        self.sheet.release()


@pytest.fixture
def project(gl):
    """Opens projections of a size (width, height), from a canvas of another size if said, and closes them."""
    projections = []

    def opened(size, canvas=None, fit="cover"):
        projections.append(Projection(gl, size, canvas, fit))
        return projections[-1]

    yield opened
    for projection in projections:
        projection.close()
    assert gl.error == "GL_NO_ERROR"
