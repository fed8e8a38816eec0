"""What the tests of overlays share: signs from TOML, a hand that draws at once, and what lies over a ground."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np

from installation import signs
from installation.knobs import Knob
from installation.readings.register import Value
from installation.signs import Sign
from installation.stage.overlays.figures import Figures

CANVAS = (640, 360)
KNOBS = {
    "/loop/pace": Knob("/loop/pace", "number", 1.0, 0.0, 9.0, "s", 0.0, "How long."),
    "/burn/medium": Knob("/burn/medium", "choice", 0.0, 0.0, 1.0, "", 0.0, "Which.", ("gaussian", "heat")),
}
NAMES = ("/reading/entropy", "/reading/memory", "/reading/spectral-temperature/fine")
FIGURES = Figures(
    knobs={"/loop/pace": 1.5},
    readings={"/reading/entropy": Value(7.125), "/reading/memory": Value(0.25)},
    generation=1437,
)


class AtOnce(Executor):
    """A hand that has drawn before anybody looks."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        work: Future[Any] = Future()
        try:
            work.set_result(fn(*args, **kwargs))
        except Exception as fault:  # noqa: BLE001 - as any executor keeps what was raised
            work.set_exception(fault)
        return work


def sign(**table: Any) -> Sign:
    """One sign, checked as a scene's is."""
    return signs.read([table], KNOBS, NAMES)[0]


def signs_of(text: str) -> tuple[Sign, ...]:
    """The signs of a scene."""
    return signs.read(tomllib.loads(text)["overlay"], KNOBS, NAMES)


def over(pixels: np.ndarray, ground: int) -> np.ndarray:
    """A drawing over a level ground, exactly: H x W x 3, in codes, not rounded."""
    alpha = pixels[..., 3:].astype(float) / 255.0
    return np.asarray(pixels[..., :3] + ground * (1.0 - alpha))


def luminance(codes: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB codes (WCAG 2.2)."""
    coded = codes / 255.0
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return np.asarray(light @ np.array([0.2126, 0.7152, 0.0722]))
