"""The camera as the conductor's guest: it has the process watched, and passes on whose picture is to be the origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installation.camera import process
from installation.camera.eye import CameraError
from installation.control.guest import Guest
from installation.machine.ring import Ring
from installation.machine.supervisor import Duty
from installation.records import Order

if TYPE_CHECKING:
    from installation.control.guest import House
    from installation.records import Message

LARGEST = 1024  # pixels a side of the largest scene
SLOTS = 4  # of frames; only the newest is looked at
LOADING = 30.0  # seconds for a slow device to open


class CameraGuest(Guest):
    """Has a camera process as long as machine.toml names a source; without one it only says so."""

    def __init__(self) -> None:
        """Nobody is employed yet."""
        self._house: House | None = None
        self._side = 0

    def open(self, house: House) -> None:
        """Lay the camera's ring and have its process watched."""
        self._house, settings = house, house.settings.camera
        if settings.source is None:
            return
        beside = house.wires.camera.with_suffix(".new")
        Ring.create(beside, LARGEST * LARGEST, SLOTS).close()
        beside.rename(house.wires.camera)  # the engine may be looking for it already: never half a ring
        self._side = self._wanted(house)
        house.employ(
            Duty(process.NAME, process.run, (settings,), process.CAMERA_VITALS, LOADING, settings.patience),
            lambda: [self._size()],
            lambda _: None,
        )

    def hear(self, message: Message, now: float) -> bool:  # noqa: ARG002 - it does not matter when
        """``/camera/origin``: the engine takes what stands before the camera as its origin."""
        if message.address != "/camera/origin":
            return False
        if self._house is None or self._house.settings.camera.source is None:
            raise CameraError("There is no camera. Say which in machine.toml: [camera] source = 0")
        if not message.arguments or message.arguments[0]:  # a button that is let go does nothing
            self._house.tell("engine", Order("camera"))
        return True

    def look(self, now: float) -> None:  # noqa: ARG002 - nothing is due
        """Tell the process when another scene wants another size."""
        house = self._house
        if house and self._side and self._wanted(house) != self._side:
            self._side = self._wanted(house)
            house.tell(process.NAME, self._size())

    def _size(self) -> Order:
        return Order("size", {"side": self._side})

    @staticmethod
    def _wanted(house: House) -> int:
        return house.scene.size or house.settings.engine.size
