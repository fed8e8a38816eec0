"""The collapse process: it retrains a model beside the show, with the least right to the processor.

Between any two steps of learning it may be paused, ended or killed; every generation that is finished is on the disk.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from installation.collapse import folder
from installation.collapse.images import MEANING, Settings, understood
from installation.errors import Refusal
from installation.machine.child import PULSE, Phase, Vitals, living
from installation.machine.files import share

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from installation.machine.wires import Uplink, Wires
    from installation.training.retraining import Job, Moment

    Beat = Callable[..., None]

NAME = "collapse"
#: What the board says of a collapse, besides its pulse: the last finished generation, how much of the next is done.
TOLD = ("generation", "progress", "loss", *MEANING)
COLLAPSE_VITALS: Mapping[str, float] = {**PULSE, **dict.fromkeys(TOLD, math.nan)}
LAST = 10  # generation of a run; the next run begins again with generation 0
NICENESS = 10  # as the engine has
REST = 0.2  # seconds between two looks at the orders while nothing is done
PATIENCE = 600.0  # seconds: measuring a generation is one step, on a machine that is busy with the show


def run(wires: Wires, pipe: Connection, path: Path, models: Path | None = None) -> None:
    """The life of the process: the run of a folder, from where it stands to its last generation.

    ``models`` is where pipelines are kept.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read by OpenMP when torch is imported, in the job
    with living(NAME, pipe) as uplink:
        os.nice(NICENESS)
        beat = Vitals(wires, NAME).beat
        beat(Phase.LOADING)
        try:
            ended = work(begun(path, models).moments(), uplink, beat)
        except Refusal as refusal:
            ended = str(refusal)
        if ended:
            uplink.report("ended", reason=ended)
            wait(uplink, beat, "quit")


def begun(path: Path, models: Path | None = None) -> Job:
    """The job of a run's folder: as it was begun, or with the usual settings. Raises ``CollapseError``."""
    from installation.training import gallery
    from installation.training.retraining import Job

    settings, seed, base = Settings(), 1, None
    if (path / folder.MANIFEST).exists():
        kept = folder.read(path)
        settings, seed, base = understood(kept.run["settings"]), kept.run["beginning"]["seed"], kept.base(models)
    hung = gallery.hang(gallery.shipped(), settings.size)
    return Job(path, settings, hung, base or share("assets") / "ember", seed, LAST, models=models)


def work(moments: Iterable[Moment], uplink: Uplink, beat: Beat) -> str:
    """Walk a job moment by moment, obeying in between; why it has ended, "" where it was asked to leave."""
    for moment in moments:
        beat(Phase.RUNNING, **signs(moment))
        if moment.kept:
            kept = moment.kept
            uplink.report("generation", serial=kept.serial, path=str(kept.path), readings=dict(kept.readings))
        if moment.refused:
            uplink.report("refused", reason=moment.refused, order="generation")
        if not obey(uplink, beat):
            return ""
    return f"It has come to generation {LAST}, its last."


def signs(moment: Moment) -> dict[str, float]:
    """A moment as vital signs; ``generation`` is the last one that is finished."""
    if moment.kept:
        readings = {name: moment.kept.readings.get(name, math.nan) for name in MEANING}
        return {"generation": float(moment.serial), "progress": 0.0, **readings}
    return {"progress": moment.share, **({"loss": moment.loss} if moment.phase == "learn" else {})}


def obey(uplink: Uplink, beat: Beat) -> bool:
    """Carry out what was ordered meanwhile; False when it is time to leave."""
    order = uplink.order()
    if order is not None and order.name == "rest":
        return wait(uplink, beat, "wake") != "quit"
    return order is None or order.name != "quit"


def wait(uplink: Uplink, beat: Beat, wanted: str) -> str:
    """Do nothing until an order of this name, or the one to quit, comes; which of them it was."""
    while (order := uplink.order(REST)) is None or order.name not in {wanted, "quit"}:
        beat(Phase.RESTING)
    return order.name
