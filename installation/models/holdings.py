"""What lies in the models folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from installation.models.families import FAMILIES, IP_ADAPTER, Family, part_of, recognise
from installation.restorers import likeness, lora, trust, weighing
from installation.restorers.protocol import ModelError
from installation.restorers.weighing import GIB, HALF, Load


@dataclass(frozen=True, slots=True)
class Holding:
    """A model in the folder: its family where that is known, its load, or why it cannot be played.

    ``part``: what of it leads others, of ``families.PARTS``.
    """

    name: str
    family: Family | None
    load: Load | None
    fault: str = ""
    part: str = ""


def holdings(folder: Path) -> Iterator[Holding]:
    """Every folder in the models folder that holds a pipeline, an adapter or what leads one. Raises ``ModelError``."""
    try:
        beside = sorted(each for each in folder.iterdir() if each.is_dir())
    except OSError as error:
        raise ModelError(
            f"{folder}: cannot be read ({error.strerror}). Mend [engine] models in machine.toml."
        ) from None
    for each in beside:
        if each.suffix == ".part":
            continue
        if any((each / name).is_file() for name in (trust.INDEX, lora.BASE)):
            yield _holding(each)
        elif part := part_of(each):
            yield _leading(each, part)


def _leading(folder: Path, part: str) -> Holding:
    """A folder of what leads a pipeline."""
    try:
        files = trust.vouch_part(folder, "").loaded if part != IP_ADAPTER else [likeness.weights_of(folder)]
        return Holding(folder.name, None, weighing.weigh(files), part=part)
    except ModelError as error:
        return Holding(folder.name, None, None, str(error), part)


def _holding(folder: Path) -> Holding:
    family = recognise(folder)
    try:
        adapter = (folder / lora.BASE).is_file()
        weights = [folder / lora.WEIGHTS] if adapter else trust.vouch(folder).loaded
        return Holding(folder.name, family, weighing.weigh(weights))
    except ModelError as error:
        return Holding(folder.name, family, None, str(error))


HEADS = (
    "family", "how", "steps", "px", "GiB", "negative", "control", "likeness", "schedule", "licence",
    "`burntout models add`",
)  # fmt: skip
NARROW = 6  # columns that a terminal has room for


def row(family: Family) -> tuple[str, ...]:
    """A family in a table's row: GiB are those of its weights at two bytes a number."""
    negative = "heard" if family.negative else ""
    size = f"{family.half_gib:.1f}"
    how = "by hand" if family.how == "by hand" else "called whole"
    led = "edge, depth" if family.control else "", "a picture" if family.likeness else ""
    facts = (family.title, how, family.steps, str(family.side), size, negative, *led)
    return (*facts, family.schedule, family.licence, family.source)


def markdown() -> str:
    """All families as a Markdown table, for the README."""
    rows = [HEADS, ("---",) * len(HEADS), *(row(family) for family in FAMILIES.values())]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def told(holding: Holding) -> tuple[str, ...]:
    """A holding in a table's row: its name, what it is, what it weighs, and what is wrong with it."""
    title = holding.family.title if holding.family else holding.part or "unknown"
    if holding.load is None:
        return holding.name, title, "", "", holding.fault
    load = holding.load
    return holding.name, title, f"{load.file_bytes / GIB:.1f}", f"{load.wanted(HALF) / GIB:.1f}", ""
