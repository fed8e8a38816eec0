"""Presenters: who puts an exposure on the wall. A graphics card where there is one, the processor otherwise."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from installation.errors import Refusal
from installation.stage.graphics import Graphics, GraphicsError
from installation.stage.pace import waits
from installation.stage.software import Software
from installation.stage.window import Window, WindowError, has_graphics_card

if TYPE_CHECKING:
    from installation.machine.settings import StageSettings
    from installation.records import Pixels
    from installation.stage.exposure import Exposure
    from installation.stage.outputs import Output

log = logging.getLogger(__name__)


class Presenter(Protocol):
    """Owns the window. ``canvas`` is the size of what outputs are cut from; ``objects`` counts what a card holds."""

    @property
    def window(self) -> Window: ...

    @property
    def canvas(self) -> tuple[int, int]: ...

    @property
    def objects(self) -> int: ...

    def show(self, exposure: Exposure, outputs: Sequence[Output]) -> None:
        """Put this on the wall, cut into these outputs, and flip. With vsync this waits for the display."""

    def glance(self, width: int) -> Pixels:
        """What is in the window, as sRGB pixels, ``width`` of them across."""
        ...

    def describe(self) -> str:
        """What it is and what it cannot do, in words that follow a comma."""
        ...

    def close(self) -> None:
        """Give the display back."""


class Fallback:
    """A presenter that goes on without a graphics card when the card fails, and says so once."""

    def __init__(self, first: Presenter, otherwise: Callable[[], Presenter]) -> None:
        """Present by ``first`` as long as it can; ``otherwise`` opens the one that takes over."""
        self._presenter = first
        self._otherwise = otherwise

    @property
    def window(self) -> Window:
        """The window that is open now."""
        return self._presenter.window

    @property
    def canvas(self) -> tuple[int, int]:
        """What the outputs are cut from now, (width, height) in pixels."""
        return self._presenter.canvas

    @property
    def objects(self) -> int:
        """How many GL objects are held."""
        return self._presenter.objects

    def show(self, exposure: Exposure, outputs: Sequence[Output]) -> None:
        """Put this on the wall, by the other presenter if need be."""
        try:
            self._presenter.show(exposure, outputs)
        except (GraphicsError, WindowError) as refusal:
            self._replace(refusal)
            self._presenter.show(exposure, outputs)

    def glance(self, width: int) -> Pixels:
        """What is in the window."""
        return self._presenter.glance(width)

    def describe(self) -> str:
        """What presents now."""
        return self._presenter.describe()

    def close(self) -> None:
        """Give the display back."""
        self._presenter.close()

    def _replace(self, refusal: Refusal) -> None:
        self._presenter.close()
        self._presenter = self._otherwise()
        log.warning("%s The stage goes on, %s.", refusal, self._presenter.describe())


def opened(settings: StageSettings, covering: tuple[int, int] | None = None) -> Presenter:
    """A presenter with its window, as ``stage.renderer`` asks for it; without OpenGL where it cannot be had.

    ``covering`` is the size of a desktop with outputs that the window is to cover; the canvas is then what the settings
    say, else it is the window. Raises ``WindowError`` when no window at all can be opened.
    """

    def software() -> Presenter:
        window = Window(settings, covering)
        return Software(window, _canvas(settings, window, covering), settings.fit)

    if settings.renderer == "software" or (settings.renderer == "auto" and not has_graphics_card()):
        return software()
    try:
        return Fallback(_graphics(settings, covering), software)
    except (GraphicsError, WindowError) as refusal:
        log.log(logging.WARNING if settings.renderer == "gl" else logging.INFO, "%s", refusal)
        return software()


def _graphics(settings: StageSettings, covering: tuple[int, int] | None) -> Graphics:
    """Raises ``GraphicsError`` or ``WindowError``, with the window closed again."""
    window = Window(settings, covering, opengl=True)
    try:
        graphics = Graphics(window, _canvas(settings, window, covering), settings.fit)
        _require_worth(graphics, settings.renderer)
    except GraphicsError:
        window.close()
        raise
    _measure(graphics, settings.rate)
    return graphics


def _require_worth(graphics: Graphics, renderer: str) -> None:
    if renderer == "auto" and graphics.emulated:
        raise GraphicsError(f"{graphics.renderer} is no graphics card, so OpenGL would only be slower.")


def _measure(graphics: Graphics, rate: float) -> None:
    """Give a window whose driver says vsync and does not wait the pace that was set."""
    window = graphics.window
    if window.vsync and not waits(graphics.blank, time.monotonic, window.rate):
        log.info("The driver says vsync and does not wait for it; the stage keeps its own pace.")
        window.rate = rate


def _canvas(settings: StageSettings, window: Window, covering: tuple[int, int] | None) -> tuple[int, int]:
    return (settings.width, settings.height) if covering else window.size
