"""Who is invited: everything the conductor looks after that has an opening, a tick and an end of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installation.camera.guest import CameraGuest

if TYPE_CHECKING:
    from installation.control.guest import Guest
    from installation.machine.settings import Settings


def invited(settings: Settings) -> tuple[Guest, ...]:  # noqa: ARG001 - each guest asks the house
    """The guests of a performance on this machine, in the order of their coming; they leave in the reverse."""
    return (CameraGuest(),)
