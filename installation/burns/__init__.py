"""Burning: the forward (degradation) operator D(x, T), one medium per file.

A medium is a frozen dataclass of knobs that is called with an image and random numbers and gives a ``Burnt``.
Adding one is one file here: its address, slider and TOML key follow from ``@medium``.
"""

from installation.burns.chain import Chain, at, name_of
from installation.burns.growth import burn, growing
from installation.burns.media import Burning, chosen, on_raw_scale
from installation.burns.registry import MEDIA, BurnError, Medium

__all__ = [
    "MEDIA",
    "BurnError",
    "Burning",
    "Chain",
    "Medium",
    "at",
    "burn",
    "chosen",
    "growing",
    "name_of",
    "on_raw_scale",
]
