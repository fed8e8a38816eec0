"""One edition of a take: what was asked for, in one folder; by default its film and its contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from installation.publishing.forms import DEFAULT, Wishes, chosen

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take

AS_ASKED = Wishes()


def publish(
    take: Take,
    out: Path,
    progress: Progress | None = None,
    *,
    forms: Sequence[str] = DEFAULT,
    wishes: Wishes = AS_ASKED,
) -> tuple[Path, ...]:
    """Make a take in each of these forms in the folder ``out``: ``NAME.mp4`` and so on; returns their paths.

    ``progress`` hears the share done, 0 to 1. Raises ``PublishError`` when there is nothing to publish, no room, or a
    form that is not known or cannot be made here; what was finished before that stays.
    """
    tell = progress or (lambda _: None)
    wanted, paths = chosen(forms), []
    for place, form in enumerate(wanted):
        path = form.place(take, out)
        form.make(take, path, wishes, lambda share, place=place: tell((place + share) / len(wanted)))  # type: ignore[misc] # mypy cannot infer it
        paths.append(path)
    return tuple(paths)
