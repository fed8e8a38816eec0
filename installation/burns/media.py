"""All media together, and the knob that chooses among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from installation.burns import (  # noqa: F401 - importing a medium files it
    animorphosis,
    black_scholes,
    brownian,
    cipher,
    gaussian,
    heat,
    jpeg,
    mean,
)
from installation.burns.calibration import Calibration, shipped
from installation.burns.chain import Chain
from installation.burns.mean import SEEN, Average, Mean, Remembering
from installation.burns.registry import MEDIA, Medium
from installation.knobs import knob, panel, read


@panel("/burn")
@dataclass(frozen=True, slots=True)
class Burning:
    """Which physics burns, and which other burns what it has left."""

    medium: str = knob("gaussian", choices=tuple(MEDIA), doc="Which physics burns the image.")
    then: str = knob("none", choices=("none", *MEDIA), doc="Which burns what that has left, at its own temperature.")
    last: str = knob("none", choices=("none", *MEDIA), doc="Which burns what those have left, at its own temperature.")
    scale: str = knob(
        "raw",
        choices=("raw", "calibrated"),
        doc="What a temperature means: each medium's own scale (raw), or the damage white noise does (calibrated).",
    )


def on_raw_scale(values: Mapping[str, float], calibration: Calibration | None = None) -> Mapping[str, float]:
    """Board values as the media burn: on the raw scale every temperature as it is, else looked up in the table.

    The default is the shipped table. What comes back says ``raw``, so that asking twice changes nothing, and a log
    of it can be rendered again after the table has changed.
    """
    if read(Burning, values).scale == "raw":
        return values
    table = calibration or shipped()
    heated = {f"/burn/{name}/temperature": table.raw(name, read(MEDIA[name], values).temperature) for name in MEDIA}
    return {**values, **heated, "/burn/scale": 0.0}


def chosen(values: Mapping[str, float], remember: Callable[[], Average] | None = None) -> Medium:
    """The medium the board asks for, or the chain of media, with their knobs as they stand.

    ``remember`` is asked for what the lineage has seen if one of them wants to know.
    """
    burning = read(Burning, values)
    names = [burning.medium, *(name for name in (burning.then, burning.last) if name != "none")]
    links = tuple(_remembering(read(MEDIA[name], values), remember) for name in names)
    return Chain(links) if len(links) > 1 else links[0]


def _remembering(medium: Medium, remember: Callable[[], Average] | None) -> Medium:
    if remember and isinstance(medium, Mean) and medium.of == SEEN:
        return Remembering(**asdict(medium), seen=remember())
    return medium
