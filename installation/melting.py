"""Melting points: the temperature at which half of the lineages forget their origin, as a table that scenes can use.

``burntout melt`` measures them, one for each restorer and medium; the embedded restorers' come with the piece in
``assets/melting.json``. The piece lives within a tenth of them: below it freezes, above it roams.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from installation.errors import Refusal

NAME = "melting.json"
SCHEMA = 1


class MeltingError(Refusal):
    """A table of melting points that cannot be used, or a temperature that cannot be understood."""


@dataclass(frozen=True, slots=True)
class MeltingPoint:
    """One measurement with its conditions. ``temperature`` is None where more than half remember even at T = 1.

    ``kept`` is the share that remembered at that temperature; the point is known to ``precision``.
    """

    restorer: str
    model: str | None
    digest: str
    medium: str
    temperature: float | None
    kept: float
    precision: float
    size: int
    steps: int
    generations: int
    pictures: int
    seed: int
    versions: str

    @property
    def subject(self) -> tuple[str, str | None, str]:
        """What it is the melting point of."""
        return self.restorer, self.model, self.medium


def read(path: Path) -> dict[tuple[str, str | None, str], MeltingPoint]:
    """The points in a table by what they are of; nothing where there is no table. Raises ``MeltingError``."""
    try:
        told = json.loads(path.read_bytes())
        if told["schema"] != SCHEMA:
            raise MeltingError(f"{path} is of another version's schema. Measure again: burntout melt.")
        points = [MeltingPoint(**point) for point in told["points"]]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MeltingError(f"{path} is damaged ({error}). Remove it and measure again: burntout melt.") from error
    return {point.subject: point for point in points}


def written(points: Iterable[MeltingPoint]) -> str:
    """A table as JSON text."""
    rows = [asdict(point) for point in sorted(points, key=lambda point: [str(word) for word in point.subject])]
    return json.dumps({"schema": SCHEMA, "points": rows}, indent=2) + "\n"


def offset(text: str) -> float:
    """How far from the melting point: ``melt`` is 0, ``melt + 0.05`` is 0.05. Raises ``MeltingError``."""
    match = re.fullmatch(r"\s*melt\s*(?:([+-])\s*(\d*\.?\d+))?\s*", text)
    if not match:
        raise MeltingError(f'understands "melt", "melt + 0.05" or "melt - 0.1", not {text[:40]!r}')
    return float(f"{match[1]}{match[2]}") if match[1] else 0.0
