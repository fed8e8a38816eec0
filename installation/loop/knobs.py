"""The knobs of the loop: its pace, what happens to a picture on its way back in, and what is seen from outside."""

from __future__ import annotations

from dataclasses import dataclass

from installation.knobs import knob, panel


@panel("/loop")
@dataclass(frozen=True, slots=True)
class Looping:
    """How a regenerated picture is fed back: warped, mixed with the origin, held in colour, never noiseless."""

    pace: float = knob(
        1.0, low=0.0, high=60.0, unit="s", doc="Least time a generation takes; 0 goes as fast as it can."
    )
    stages: int = knob(4, low=0, high=16, doc="How many stages of the burning are shown on the way to its temperature.")
    measure_every: int = knob(
        1, low=1, high=1000, unit="generations", doc="Measure every n-th generation: readings take time."
    )
    origin_mix: float = knob(0.0, glide=0.5, doc="How much of the origin is mixed back in at every generation.")
    zoom: float = knob(1.0, low=0.9, high=1.1, unit="x", glide=0.5, doc="Magnification per generation.")
    rotate: float = knob(0.0, low=-10.0, high=10.0, unit="degrees", glide=0.5, doc="Rotation per generation.")
    shift_x: float = knob(0.0, low=-0.1, high=0.1, unit="widths", glide=0.5, doc="Shift to the right per generation.")
    shift_y: float = knob(0.0, low=-0.1, high=0.1, unit="heights", glide=0.5, doc="Shift downwards per generation.")
    flow: float = knob(0.0, low=0.0, high=8.0, unit="px", glide=0.5, doc="Displacement per generation by a slow whirl.")
    colour: float = knob(
        0.3, glide=0.5, doc="How firmly colour and contrast are held to their slow average; 0 is free decay."
    )
    spectrum: float = knob(
        0.0, glide=0.5, doc="How firmly fine detail is held between half and twice the origin's power; 0 lets it go."
    )
    unsharp: float = knob(0.0, high=0.1, glide=0.5, doc="How much edges are sharpened; more than a tenth would ring.")
    origin_return: float = knob(
        0.0, high=0.1, doc="Chance per generation that the origin is back whole, as if nothing had happened."
    )
    fresh: float = knob(0.0, doc="Chance per generation that the loop goes on with another picture of the album.")
    noise_floor: float = knob(
        0.01, low=0.0, high=0.2, glide=0.5, doc="Noise added to what is fed back, so that the loop cannot freeze."
    )
    stillness: float = knob(
        0.0, high=0.999,
        doc="How like the last restored picture the next must be to be spared, which saves energy. 0 spares none.",
    )  # fmt: skip


@panel("/camera")
@dataclass(frozen=True, slots=True)
class Seeing:
    """What enters the loop from outside, where there is a camera; without one nothing comes of it."""

    mix: float = knob(0.0, glide=0.5, doc="How much of the camera's picture is mixed into what is burnt next.")
    mirror: bool = knob(default=False, doc="See the camera's picture as in a mirror.")
