"""What waits to be published, on the disk: a piece that was started again goes on with it, and nobody asks twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from installation.machine.files import write_atomically

FILE = "publishing.json"  # in the state folder


@dataclass(frozen=True, slots=True)
class Wanted:
    """A take, by its name, and the forms in which it is to be published."""

    take: str
    forms: tuple[str, ...]


def keep(state: Path, wanted: Sequence[Wanted]) -> None:
    """Replace what is written down, the next first. Raises ``StorageError`` where the disk refuses."""
    write_atomically(state / FILE, json.dumps([asdict(each) for each in wanted], indent=1) + "\n")


def kept(state: Path) -> list[Wanted]:
    """What was written down, in its order; what is no such thing is passed over."""
    try:
        told = json.loads((state / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [wanted for each in (told if isinstance(told, list) else ()) if (wanted := _wanted(each))]


def _wanted(told: object) -> Wanted | None:
    if not isinstance(told, dict):
        return None
    take, forms = told.get("take"), told.get("forms")
    if not isinstance(take, str) or not isinstance(forms, list):
        return None
    known = tuple(form for form in forms if isinstance(form, str))
    return Wanted(take, known) if known else None
