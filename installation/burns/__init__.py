"""Burning: the forward (degradation) operator D(x, T), one medium per file.

A medium is a frozen dataclass of knobs that is called with an image and random numbers and gives a ``Burnt``.
Adding one is one file here: its address, slider and TOML key follow from ``@medium``.
"""

from installation.burns.media import Burning, chosen, on_raw_scale
from installation.burns.registry import MEDIA, Medium, burn, name_of

__all__ = ["MEDIA", "Burning", "Medium", "burn", "chosen", "name_of", "on_raw_scale"]
