"""Entropy of a picture's brightness: by its levels alone, and by what a compressor makes of their order."""

from __future__ import annotations

import zlib

import numpy as np

from installation.readings.look import Look, luma
from installation.readings.register import reading

QUALITY = 90  # of the JPEG whose size is read: high enough to keep the damage, not the camera's noise
FASTEST = 1  # zlib's level: 6 takes half as long again and finds no more in pictures


@reading(
    "/reading/entropy",
    of="picture",
    unit="bit/px",
    high=8.0,
    doc="How surprising the next pixel's brightness is, if one knows how often each level occurs.",
    source="Shannon 1948",
    cost=0.2,
    brief="entropy {:.2f} bit",
)
def entropy(present: Look, origin: Look) -> float:  # noqa: ARG001 - every reading of a picture has both
    """``shannon_entropy`` of the picture's luma at quarter size."""
    return shannon_entropy(present.luma)


@reading(
    "/reading/compressed-entropy",
    of="picture",
    unit="bit/px",
    high=8.0,
    doc="Bits per pixel after compression: unlike entropy it sees order, and rises when the pixels are shuffled.",
    source="zlib (Deutsch 1996)",
    cost=0.7,
)
def compressed_entropy(present: Look, origin: Look) -> float:  # noqa: ARG001
    """``compressed`` of the picture's luma, halved once more: what a wall shows to somebody standing back."""
    return compressed(luma(present.half))


@reading(
    "/reading/file-size",
    of="picture",
    unit="kB",
    high=200.0,
    doc="What the picture, at quarter size when it is large, weighs as a JPEG of quality 90: noise weighs most.",
    source="ITU-T T.81, libjpeg",
    cost=0.4,
)
def file_size(present: Look, origin: Look) -> float:  # noqa: ARG001
    """The bytes of ``present.small`` as a JPEG, in thousands."""
    import cv2

    written, file = cv2.imencode(".jpg", present.small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return len(file) / 1000.0 if written else float("nan")


def shannon_entropy(levels: np.ndarray) -> float:
    """H = -sum p log2 p over the 256 levels of an uint8 array, in bits per pixel, 0 to 8.

    The plug-in estimator; it reads ``miller_madow`` bits too low, 0.003 at 256 x 256. It is blind to space: shuffled
    pixels read the same.
    """
    import cv2

    counts = cv2.calcHist([levels.reshape(1, -1)], [0], None, [256], [0, 256]).astype(np.float64)
    shares = counts[counts > 0] / levels.size
    return max(float(-(shares * np.log2(shares)).sum()), 0.0)


def miller_madow(levels: int, pixels: int) -> float:
    """What the plug-in estimator reads too low, in bits, for so many levels in use among so many pixels.

    (K - 1) / (2 N ln 2), Miller 1955: 0.0057 for 256 levels at 240 x 135.
    """
    return (levels - 1) / (2.0 * pixels * float(np.log(2.0)))


def compressed(levels: np.ndarray) -> float:
    """8 x compressed bytes / bytes of an uint8 array, in bits per byte: an upper bound of its entropy rate.

    A few hundredths more than 8 for what cannot be compressed, nearly 0 for a flat field.
    """
    return 8.0 * len(zlib.compress(levels.tobytes(), FASTEST)) / float(levels.size)
