"""The stage's knobs and vital signs: plain declarations, which the conductor reads without opening a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from installation.knobs import knob, panel
from installation.machine.child import PULSE

BLACK = "/stage/black"
HOLD = "/stage/hold"
PATTERNS = (
    "none", "grid", "overlap", "white", "grey", "black", "red", "green", "blue", "ramp", "checker", "focus", "bar",
)  # fmt: skip
OPEN = "/programme/open"  # written by the programme, which is a room of its own; absent means open


@panel("/stage")
@dataclass(frozen=True, slots=True)
class Staging:
    """What performers decide about the picture on the wall."""

    brightness: float = knob(1.0, low=0.0, high=1.0, glide=0.2, doc="Light of the whole picture, linear: half is half.")
    dissolve: float = knob(
        0.35, low=0.0, high=5.0, unit="s",
        doc="The longest a dissolve between two frames may take; never longer than frames take to arrive.",
    )  # fmt: skip
    transition: str = knob(
        "dissolve", choices=("dissolve", "flow"),
        doc="How one picture becomes the next: their light is mixed (dissolve), or what is in them moves too (flow).",
    )  # fmt: skip
    burn_on: float = knob(
        0.7, low=0.0, high=1.0, glide=0.5,
        doc="How strongly the picture goes on burning when frames stop coming; 0 lets it stand.",
    )  # fmt: skip
    smoulder: str = knob(
        "none", choices=("none", "gaussian", "heat", "brownian"),
        doc="What the picture burns in on the wall between two frames, live; needs a graphics card.",
    )  # fmt: skip
    smoulder_amount: float = knob(
        0.2, low=0.0, high=1.0, glide=0.5,
        doc="How hot it may smoulder; it grows over seconds without a frame and never fast enough to flash.",
    )  # fmt: skip
    grain: float = knob(
        0.0, low=0.0, high=1.0, glide=0.5,
        doc="Film grain over the picture, 24 times a second, its mean constant; needs a graphics card.",
    )  # fmt: skip
    patience: float = knob(3.0, low=0.2, high=60.0, unit="s", doc="Time without a frame before the picture burns on.")
    overlays: float = knob(
        1.0, low=0.0, high=1.0, glide=0.5, doc="Text and figures over the picture: 1 as the scene has them, 0 none."
    )
    black: bool = knob(False, glide=0.3, doc="Black, on purpose and at once.")  # noqa: FBT003 - a switch's default
    hold: bool = knob(False, doc="Freeze the picture as it stands.")  # noqa: FBT003 - a switch's default
    show: str = knob(
        "everything", choices=("everything", "restoring", "generations"),
        doc="Which frames are shown: burning and restoring, restoring only, or finished generations only.",
    )  # fmt: skip
    pattern: str = knob(
        "none", choices=PATTERNS,
        doc="A test pattern on every projector instead of the picture, to focus, align and match them by.",
    )  # fmt: skip


#: The stage's readings: ``worst_gap_ms`` is the largest gap between flips in the last 10 s, ``shown`` the ring's serial
#: on screen, ``revision`` the board's in the last flip, ``flip_ns`` its monotonic time (a float64 holds that to 2 ns
#: even after years of uptime), ``light`` the mean linear light on the wall, 0 to 1, ``gl_objects`` what is held on the
#: graphics card (a number that grows is a leak; 0 without one).
STAGE_VITALS: Mapping[str, float] = {
    **PULSE,
    "frames": 0.0,
    "fps": 0.0,
    "worst_gap_ms": 0.0,
    "shown": 0.0,
    "revision": 0.0,
    "flip_ns": 0.0,
    "burning_on": 0.0,
    "headless": 0.0,
    "light": 0.0,
    "gl_objects": 0.0,
}


def closed(values: Mapping[str, float]) -> bool:
    """Whether the wall is to be black on purpose: by panic (from the first moment of its glide) or out of hours."""
    return values.get(BLACK, 0.0) > 0.0 or values.get(OPEN, 1.0) < 0.5  # noqa: PLR2004 - halfway between closed and open
