"""A backend for mido with virtual inputs: what is plugged in and played, without a driver."""

from __future__ import annotations

from mido.ports import BaseInput  # type: ignore[import-untyped] # it has no types

PLUGGED: set[str] = set()
OPEN: dict[str, Input] = {}
BROKEN: list[str] = []


class Input(BaseInput):  # type: ignore[misc] # of no type
    """An input that hears what ``play`` plays into it."""

    def _open(self, callback=None, **_):
        self._callback = callback
        OPEN[self.name] = self

    def _close(self):
        del OPEN[self.name]

    def play(self, message):
        self._callback(message)


def get_devices(**_):
    if BROKEN:
        raise OSError(BROKEN[0])
    return [{"name": name, "is_input": True, "is_output": False} for name in sorted(PLUGGED)]
