"""Sharing: the picture for other programs. A virtual camera on this machine, an NDI source on the network.

Both live in a thread of their own, and whatever they do, no flip waits for them: a picture that comes too soon is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from installation.errors import Refusal
from installation.stage.courier import Courier

if TYPE_CHECKING:
    from installation.machine.settings import SharingSettings
    from installation.records import Pixels

log = logging.getLogger(__name__)

ANY = "auto"  # the first virtual camera that is free


class SharingError(Refusal):
    """A way out that is not there on this machine."""


class Outlet(Protocol):
    """Where pictures go; all have the size that it was opened for."""

    def send(self, pixels: Pixels) -> None:
        """Hand over one picture, H x W x 3 uint8 sRGB. Raises ``SharingError`` when it cannot be taken any more."""

    def close(self) -> None:
        """Let go of the device or the network."""


#: Opens an outlet for pictures of (width, height) pixels, so many a second. Raises ``SharingError``.
Opener = Callable[[tuple[int, int], float], Outlet]


class Sharing(Courier):
    """The thread that hands pictures on. What cannot be opened is said once, and left out."""

    def __init__(self, openers: Sequence[Opener], rate: float, now: float) -> None:
        """Share ``rate`` pictures a second; the first is due at ``now`` (s)."""
        self._openers = openers
        self._rate = rate
        self._due = now
        super().__init__("sharing")

    def due(self, now: float) -> bool:
        """Whether it is time for the next picture; says so once for each."""
        if now < self._due or not self._thread.is_alive():
            return False
        self._due = max(self._due, now - 1 / self._rate) + 1 / self._rate
        return True

    def _work(self) -> None:
        offered = self._offered()
        if (first := next(offered, None)) is None:
            return
        size = first.shape[1], first.shape[0]
        outlets = [outlet for opener in self._openers if (outlet := self._opened(opener, size))]
        while outlets and (pixels := next(offered, None)) is not None:
            if (pixels.shape[1], pixels.shape[0]) == size:
                outlets = [outlet for outlet in outlets if _sent(outlet, pixels)]
        for outlet in outlets:
            outlet.close()

    def _opened(self, opener: Opener, size: tuple[int, int]) -> Outlet | None:
        try:
            return opener(size, self._rate)
        except SharingError as refusal:
            log.warning("%s", refusal)
            return None


def shared(settings: SharingSettings, now: float) -> Sharing | None:
    """What ``[stage.sharing]`` asks for; None when that is nothing."""
    openers: list[Opener] = []
    if device := settings.camera:
        openers.append(lambda size, rate: Camera(device, size, rate))
    if name := settings.ndi:
        openers.append(lambda size, rate: Ndi(name, size, rate))
    return Sharing(openers, settings.rate, now) if openers else None


class Camera:
    """A virtual camera: on Linux a device of v4l2loopback, which other programs open like any webcam."""

    def __init__(self, device: str, size: tuple[int, int], rate: float) -> None:
        """Open it. Raises ``SharingError`` with what has to be installed."""
        try:
            import pyvirtualcam
        except ImportError:
            raise SharingError(_missing("virtual camera", "pyvirtualcam", "virtual-camera")) from None
        chosen = None if device == ANY else device
        try:
            self._camera = pyvirtualcam.Camera(*size, fps=rate, device=chosen)
        except (RuntimeError, OSError) as error:
            raise SharingError(
                f"There is no virtual camera for the picture ({error}). Load one with 'modprobe v4l2loopback "
                "exclusive_caps=1' (package v4l2loopback-dkms), or take stage.sharing.camera out of machine.toml."
            ) from error
        log.info("The picture goes to the virtual camera %s.", self._camera.device)

    def send(self, pixels: Pixels) -> None:
        """Hand over one picture. Raises ``SharingError`` when the device is gone."""
        try:
            self._camera.send(np.ascontiguousarray(pixels))
        except (RuntimeError, OSError) as error:
            raise SharingError(f"The virtual camera takes no pictures any more ({error}).") from error

    def close(self) -> None:
        """Let go of the device."""
        self._camera.close()


class Ndi:
    """A source of NDI, which mixers and other machines on the network find by its name."""

    def __init__(self, name: str, size: tuple[int, int], rate: float) -> None:
        """Open it. Raises ``SharingError`` with what has to be installed."""
        try:
            from cyndilib.sender import Sender
            from cyndilib.video_frame import VideoSendFrame
            from cyndilib.wrapper.ndi_structs import FourCC
        except ImportError:
            raise SharingError(_missing("NDI", "cyndilib", "ndi")) from None
        frame = VideoSendFrame()
        frame.set_resolution(*size)
        frame.set_frame_rate(Fraction(rate).limit_denominator(1001))
        frame.set_fourcc(FourCC.RGBX)
        self._pixels = np.full((size[1], size[0], 4), 255, np.uint8)
        self._sender: Any = Sender(name)
        self._sender.set_video_frame(frame)
        self._sender.open()
        log.info("The picture is the NDI source %r on this network.", name)

    def send(self, pixels: Pixels) -> None:
        """Hand over one picture."""
        self._pixels[..., :3] = pixels
        self._sender.write_video(self._pixels.reshape(-1))

    def close(self) -> None:
        """Leave the network."""
        self._sender.close()


def _sent(outlet: Outlet, pixels: Pixels) -> bool:
    """Whether it was taken; an outlet that takes nothing any more is closed."""
    try:
        outlet.send(pixels)
    except SharingError as refusal:
        log.warning("%s The show goes on without it.", refusal)
        outlet.close()
        return False
    return True


def _missing(what: str, library: str, extra: str) -> str:
    return f"The picture does not go to {what}: {library} is not installed. pip install 'burntout[{extra}]' brings it."
