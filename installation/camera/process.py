"""The camera process: it alone waits for the driver. What it captures goes to a ring of its own; the last frame stays.

A source that is lost is tried again, 1 to 30 seconds apart; a driver that hangs is the supervisor's, who ends this
process and starts another.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from installation.camera.capture import Capture, CaptureError, square
from installation.machine.child import PULSE, Phase, Vitals, living
from installation.machine.ring import Ring

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from installation.machine.settings import CameraSettings
    from installation.machine.wires import Wires
    from installation.records import Order, Pixels

log = logging.getLogger(__name__)

NAME = "camera"
CAMERA_VITALS: Mapping[str, float] = {**PULSE, "frames": 0.0, "lost": 1.0}
LOST_GLANCE = 0.25  # seconds between two looks at the orders while there is nothing to capture
LONGEST_DELAY = 30.0  # seconds between two tries: somebody is standing there with the plug in his hand


def run(wires: Wires, pipe: Connection, settings: CameraSettings) -> None:
    """The life of the camera process, until the order to quit."""
    with living(NAME, pipe) as uplink:
        _hush()
        vitals = Vitals(wires, NAME)
        camera = Camera(settings, Ring(wires.camera), vitals.beat, time.monotonic)
        while camera.obey(uplink.order(camera.patience)):
            camera.look()


class Camera:
    """Owns the source while it is there, and the writing end of the camera's ring."""

    def __init__(
        self, settings: CameraSettings, ring: Ring, beat: Callable[..., None], clock: Callable[[], float]
    ) -> None:
        """Nothing is opened before the first look; ``beat`` shows vital signs, ``clock`` gives monotonic seconds."""
        self._settings, self._ring, self._beat, self._clock = settings, ring, beat, clock
        self._capture: Capture | None = None
        self._last: Pixels | None = None
        self._side = 0
        self._failures = 0
        self._due = -math.inf  # of the next frame, or of the next try

    @property
    def patience(self) -> float:
        """Seconds to wait for an order: a device is waited for instead, a film and a lost source wait here."""
        if self._capture is None:
            return LOST_GLANCE
        return min(max(self._due - self._clock(), 0.0), LOST_GLANCE) if self._capture.is_film else 0.0

    def obey(self, order: Order | None) -> bool:
        """Do what is asked; False when it is time to leave. ``size`` says how many pixels a side are wanted."""
        if order is None:
            return True
        if order.name == "size" and order.data["side"] != self._side:
            self._side = order.data["side"]
            if self._last is not None:
                self._publish(self._last)
        return order.name != "quit"

    def look(self) -> None:
        """Capture a frame if one is due; open a source that is not open; lose one that gives nothing any more."""
        now = self._clock()
        try:
            if self._capture is None:
                self._try(now)
            elif now < self._due:
                self._capture.skip()
            else:
                self._due = now + 1.0 / self._settings.rate
                self._last = self._capture.read(now)
                self._publish(self._last)
        except CaptureError as error:
            self._lose(error, now)
        self._beat(Phase.RUNNING if self._capture else Phase.RESTING, lost=float(self._capture is None))

    def _try(self, now: float) -> None:
        if now >= self._due and self._settings.source is not None:
            self._beat(Phase.LOADING)
            self._capture = Capture(self._settings.source, now)
            log.info("The camera %s is there.", self._settings.source)

    def _publish(self, pixels: Pixels) -> None:
        if self._side:
            taken = square(pixels, self._side)
            self._ring.write(taken, stamp_ns=time.monotonic_ns(), generation=0, phase="generation", temperature=0.0)
            self._failures = 0
            self._beat(frames=float(self._ring.newest))

    def _lose(self, error: CaptureError, now: float) -> None:
        """Say it once, and try again later, each time a little later."""
        if self._capture:
            self._capture.close()
            self._capture = None
        if not self._failures:
            log.warning("%s Its last picture stays; it is tried again.", error)
        self._due = now + min(2.0**self._failures, LONGEST_DELAY)
        self._failures += 1


def _hush() -> None:
    """OpenCV speaks to the terminal of whatever it cannot open; we say it ourselves, once. Read when it is imported."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
