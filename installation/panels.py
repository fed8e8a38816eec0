"""Every knob and reading of the piece: importing the rooms that declare them is what fills the registers."""

from __future__ import annotations

from installation import (
    burns,  # noqa: F401 - declares /burn
    readings,
)
from installation.collapse import knobs as collapse_knobs  # noqa: F401 - declares /words, /collapse
from installation.collapse import readings as collapse_readings  # noqa: F401 - declares /reading/words, /collapse
from installation.control import effort  # noqa: F401 - declares /governor
from installation.knobs import Knob, declared
from installation.loop import keeper  # noqa: F401 - declares /loop/keeper
from installation.loop import knobs as loop_knobs  # noqa: F401 - declares /loop
from installation.market import readings as market_readings  # noqa: F401 - declares /reading/casino, /prometheus
from installation.readings import Reading
from installation.relief import condition, easing  # noqa: F401 - declare /reading/machine, /engine
from installation.restorers import (
    guides,  # noqa: F401 - declares /restore/control, /restore/likeness
    lesions,  # noqa: F401 - declares /lesion
    protocol,  # noqa: F401 - declares /restore
)
from installation.stage import panel as stage_panel  # noqa: F401 - declares /stage


def all_knobs() -> dict[str, Knob]:
    """All knobs by address, in alphabetical order."""
    return declared()


def all_readings() -> dict[str, Reading]:
    """All readings by address, in alphabetical order."""
    return readings.declared()
