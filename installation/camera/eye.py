"""The eye: the engine's way to look at what the camera process put on its ring."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from installation import images
from installation.errors import Refusal
from installation.loop.glimpse import Glimpse
from installation.machine.files import StorageError
from installation.machine.glimpses import Glimpses
from installation.machine.ring import Ring

if TYPE_CHECKING:
    from installation.loop.knobs import Seeing
    from installation.machine.wires import Wires
    from installation.records import Image, Pixels

log = logging.getLogger(__name__)


class CameraError(Refusal):
    """A camera that gives no picture."""


class Eye:
    """Looks at the newest frame of the camera. Without a camera, or before its first frame, it sees nothing."""

    def __init__(self, wires: Wires) -> None:
        """Nothing is opened before somebody looks: the camera may come after the engine."""
        self._path = wires.camera
        self._glimpses = Glimpses(wires.glimpses)
        self._ring: Ring | None = None
        self._seen: tuple[object, str, Image] | None = None

    def look(self, seeing: Seeing, like: Image) -> Glimpse | None:
        """What is to be mixed into a picture of this size, device and kind; None at a mix of 0."""
        if not seeing.mix or (seen := self._newest(like, mirror=seeing.mirror)) is None:
            return None
        return Glimpse(seen[0], seen[1], seeing.mix)

    def portrait(self, like: Image, *, mirror: bool) -> Glimpse:
        """What stands before the camera, whole. Raises ``CameraError`` before its first frame."""
        if (seen := self._newest(like, mirror=mirror)) is None:
            raise CameraError(
                "The camera has shown nothing yet. Is it plugged in, and [camera] source in machine.toml?"
            )
        return Glimpse(*seen, 1.0)

    def shown(self, pixels: Pixels, like: Image) -> Glimpse:
        """A picture that somebody holds before us, H x W x 3 uint8. Raises ``StorageError``: takes keep it."""
        return Glimpse(self._glimpses.keep(pixels), images.to_tensor(pixels).to(like), 1.0)

    def _newest(self, like: Image, *, mirror: bool) -> tuple[str, Image] | None:
        """Name and picture of the newest frame of this size; a frame that was seen before is not kept again."""
        if self._ring is None and self._path.exists():
            self._ring = Ring(self._path)
        frame = self._ring.latest() if self._ring else None
        if frame is None or frame.pixels.shape[:2] != tuple(like.shape[-2:]):
            return None
        if self._seen is None or self._seen[0] != (frame.serial, mirror):
            pixels = frame.pixels[:, ::-1].copy() if mirror else frame.pixels
            if (name := self._keep(pixels)) is None:
                return None
            self._seen = (frame.serial, mirror), name, images.to_tensor(pixels).to(like)
        return self._seen[1:]

    def _keep(self, pixels: Pixels) -> str | None:
        """A picture that no take could have is not mixed in: what was played can always be rendered again."""
        try:
            return self._glimpses.keep(pixels)
        except StorageError as error:
            log.warning("The camera is not looked at. %s", error)
            return None
