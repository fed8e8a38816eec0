"""Loading networks without what the libraries would write into the show's own lines."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

CASTING = logging.getLogger("diffusers.models.modeling_utils")  # warns of an empty list whenever numbers are narrowed


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without progress bars, which would run across the terminal's status line, and that warning."""
    from diffusers.utils import logging as bars
    from transformers.utils import logging as other

    shown, level = bars.is_progress_bar_enabled(), CASTING.level
    bars.disable_progress_bar()
    other.disable_progress_bar()
    CASTING.setLevel(logging.ERROR)
    try:
        yield
    finally:
        CASTING.setLevel(level)
        if shown:
            bars.enable_progress_bar()
            other.enable_progress_bar()
