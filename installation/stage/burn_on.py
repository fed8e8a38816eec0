"""Burning on: what the last picture does while no frames come. Cheap, slow, endless, and a pure function of time.

The picture is carried along a slowly changing divergence-free flow and shimmers in rising air; it melts by heat
diffusion, unevenly, so that islands of memory stay clear for a while and wander; the heat takes its light, blue first;
a grain of noise breathes over it; seams of embers climb where it is hot. Everything that grows saturates: after a
minute or after a month it is the same fire. It begins as the picture itself, and nothing is accumulated, so it can
neither go out nor run away.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from installation.randomness import generator
from installation.stage.dissolve import resized
from installation.stage.light import Light

FIELD = 64  # grid points a side of flow, heat and seams: all are smooth, and the screen is not
MEMORY = 14.0  # seconds until two thirds of the burning is there
DRIFT = 0.13  # of the picture's side: how far the flow carries
STEPS = 4  # along a stream line: one straight step would fold the picture
HAZE = 0.004  # of the picture's side: the shimmer of hot air
BLURS = 5  # pictures in the pyramid: the hottest is blurred over 2**(BLURS - 1) of its pixels
GRAIN = 0.15  # of the light: the noise's standard deviation
CHAR = np.array([1.3, 2.3, 3.0], np.float32)  # optical density where it is hottest, red, green, blue
GLOW = np.array([1.0, 0.22, 0.025], np.float32)  # embers at about 1,000 K, linear light
CORE = np.array([1.0, 0.62, 0.22], np.float32)  # the middle of a seam, 1,500 K
FRONT = 0.72  # the heat at which it burns
SEAM = 30.0  # how thin the glowing front is

#: Turns (rad/s) and climbs (heights/s) share no period, so the fire never repeats.
FLOW_TURNS = (0.05, 0.083, 0.137)
HEAT_TURNS, HEAT_CLIMBS = (0.13, 0.05), (0.006, 0.011)
SEAM_TURNS, SEAM_CLIMBS = (0.31, 0.17), (0.013, 0.029)
HAZE_TURNS, HAZE_CLIMBS = (0.9, 1.3), (0.11, 0.17)
GRAIN_TURN = 2.1


@dataclasses.dataclass(frozen=True, slots=True)
class Tinder:
    """The random fields a fire of this size burns with: the same seed and size burn alike."""

    flows: np.ndarray  # 6 x FIELD x FIELD: stream functions, three octaves of two
    heats: np.ndarray  # 4 x FIELD x FIELD: standard normal, smooth
    seams: np.ndarray  # 4 x FIELD x FIELD: standard normal, finer
    hazes: np.ndarray  # 4 x FIELD x FIELD: standard normal, finest
    grains: np.ndarray  # 2 x H x W: standard normal, all but white


def gather(seed: int, height: int, width: int) -> Tinder:
    """Tinder for pictures of height x width pixels."""
    rng = generator(seed, 0)
    flows = np.stack([_smooth(rng, 0.9 * 2**octave) / 2.2**octave for octave in (0, 0, 1, 1, 2, 2)])
    heats = np.stack([_smooth(rng, 1.6) for _ in range(4)])
    seams = np.stack([_smooth(rng, 7.0) for _ in range(4)])
    hazes = np.stack([_smooth(rng, 10.0) for _ in range(4)])
    return Tinder(flows, heats, seams, hazes, _grains(rng, height, width))


def burn_on(picture: Light, tinder: Tinder, seconds: float, strength: float) -> Light:
    """The picture after burning on for so long, H x W x 3 linear light between 0 and 1.

    At 0 seconds or strength 0 it is the picture itself. ``tinder`` must have the picture's height and width.
    """
    grown = 1.0 - math.exp(-max(seconds, 0.0) / MEMORY)
    lit = strength * grown
    if lit <= 0.0:
        return picture
    hotness = _hotness(tinder, seconds)
    heat = np.clip(np.float32(lit) * hotness, 0.0, 1.0)
    burnt = _melted(_carried(picture, tinder, seconds, lit), heat)
    burnt *= _widened(np.exp(-(heat * heat)[..., None] * CHAR), picture)
    burnt *= (np.float32(1.0) + np.float32(GRAIN * lit) * _turning(tinder.grains, seconds, GRAIN_TURN))[..., None]
    return _glowing(burnt, np.float32(strength) * _seams(_widened(hotness, picture), tinder, seconds, grown))


def _glowing(charred: Light, seams: np.ndarray) -> Light:
    """A convex mixture with the embers' glow: what is dark still glows, and nothing exceeds 1. Works in place."""
    core = seams * seams * seams
    charred *= (np.float32(1.0) - seams)[..., None]
    for channel in range(3):
        charred[..., channel] += seams * GLOW[channel] + core * (CORE - GLOW)[channel]
    return np.asarray(np.clip(charred, 0.0, 1.0, out=charred))


def _hotness(tinder: Tinder, seconds: float) -> np.ndarray:
    """FIELD x FIELD, about 0 to 1.5, rarely less: how hot each place would be. Cool islands wander, never settle."""
    return np.float32(0.62) + np.float32(0.45) * _climbing(tinder.heats, seconds, HEAT_TURNS, HEAT_CLIMBS)


def _seams(hotness: np.ndarray, tinder: Tinder, seconds: float, grown: float) -> np.ndarray:
    """H x W, 0 to 1: the ragged front between what is burnt and what is not yet, from the hottest places outwards."""
    ragged = _climbing(tinder.seams, seconds, SEAM_TURNS, SEAM_CLIMBS)
    flicker = _climbing(tinder.hazes, seconds, HAZE_TURNS, HAZE_CLIMBS)
    edge = _widened(np.stack([ragged * 0.12 + flicker * 0.03, 0.5 + 0.4 * flicker + 0.3 * ragged], axis=-1), hotness)
    beyond = hotness + edge[..., 0] - np.float32(FRONT + 1.2 * (1.0 - grown))
    line = np.exp(-np.abs(beyond) * np.float32(SEAM)) * np.clip(edge[..., 1], 0.1, 1.0)
    halo = np.exp(-np.maximum(beyond, 0.0) * np.float32(SEAM / 5.0)) / (1.0 + np.exp(-beyond * np.float32(SEAM)))
    return np.asarray(np.float32(min(1.0, 4.0 * grown)) * (np.float32(0.72) * line + np.float32(0.16) * halo))


def _carried(picture: Light, tinder: Tinder, seconds: float, lit: float) -> Light:
    """The picture seen through the flow: each point looks back along it, through shimmering air."""
    import cv2

    height, width = picture.shape[:2]
    haze = _climbing(tinder.hazes, seconds, HAZE_TURNS, HAZE_CLIMBS)[..., None]
    back = _back(tinder.flows, seconds, lit * DRIFT) + np.float32(lit * HAZE) * haze
    y, x = np.indices((height, width), dtype=np.float32)
    back = _widened(back, picture)
    places = x + back[..., 0] * width, y + back[..., 1] * height
    return cv2.remap(picture, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)  # type: ignore[return-value] # no shapes


def _back(flows: np.ndarray, seconds: float, far: float) -> np.ndarray:
    """FIELD x FIELD x 2 (across, down), in sides of the picture: where each point came from along its stream line."""
    import cv2

    streams = [_turning(flows[2 * n : 2 * n + 2], seconds, turn) for n, turn in enumerate(FLOW_TURNS)]
    down, right = np.gradient(np.sum(streams, axis=0), 1.0 / FIELD)
    wind = np.stack([down, -right], axis=-1).astype(np.float32) * np.float32(far / STEPS / 8.0)
    y, x = np.indices((FIELD, FIELD), dtype=np.float32)
    back = wind
    for _ in range(STEPS - 1):
        places = x + back[..., 0] * FIELD, y + back[..., 1] * FIELD
        back = back + cv2.remap(wind, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return back


def _melted(picture: Light, heat: np.ndarray) -> Light:
    """Each place blurred by its heat: a share of each picture of a pyramid of halved sizes, gathered from the top."""
    levels = [picture]
    for _ in range(1, BLURS):
        levels.append(_halved(levels[-1]))
    molten = np.zeros_like(levels[-1])
    for level, blurred in reversed(list(enumerate(levels))):
        share = np.maximum(1.0 - np.abs(heat * np.float32(BLURS - 1) - np.float32(level)), 0.0)
        molten = resized(molten, blurred) + blurred * _widened(share, blurred)[..., None]
    return molten


def _halved(picture: Light) -> Light:
    import cv2

    return cv2.pyrDown(picture)  # type: ignore[return-value] # cv2 knows no shapes


def _turning(pair: np.ndarray, seconds: float, speed: float) -> np.ndarray:
    """A field that changes for ever and keeps its variance: two of them, mixed by a turning angle (rad/s)."""
    angle = math.remainder(seconds * speed, 2.0 * math.pi)
    return np.asarray(np.float32(math.cos(angle)) * pair[0] + np.float32(math.sin(angle)) * pair[1])


def _climbing(
    fields: np.ndarray, seconds: float, turns: tuple[float, float], climbs: tuple[float, float]
) -> np.ndarray:
    """Two changing fields, each rising at its own speed, as one of the same variance."""
    pairs = (_turning(fields[2 * n : 2 * n + 2], seconds, turns[n]) for n in range(2))
    first, second = (_risen(field, seconds * climb) for field, climb in zip(pairs, climbs, strict=True))
    return np.asarray((first + second) * np.float32(math.sqrt(0.5)))


def _risen(field: np.ndarray, heights: float) -> np.ndarray:
    """The field moved up by so many of its heights; what leaves at the top comes back below."""
    rows = heights % 1.0 * FIELD
    share = np.float32(rows % 1.0)
    return (1 - share) * np.roll(field, -int(rows), axis=0) + share * np.roll(field, -int(rows) - 1, axis=0)


def _widened(field: np.ndarray, like: Light) -> np.ndarray:
    import cv2

    height, width = like.shape[:2]
    return cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)


def _smooth(rng: np.random.Generator, cycles: float) -> np.ndarray:
    """FIELD x FIELD standard normal noise with waves of about ``cycles`` per side; its opposite edges meet."""
    frequencies = np.fft.fftfreq(FIELD, 1.0 / FIELD)
    wave = np.hypot(frequencies[:, None], frequencies[None, :])
    spectrum = np.fft.fft2(rng.standard_normal((FIELD, FIELD))) * np.exp(-0.5 * (wave / cycles) ** 2) * (wave > 0)
    field = np.fft.ifft2(spectrum).real
    return np.asarray(field / field.std(), np.float32)


def _grains(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    import cv2

    grains = [cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), 0.6) for _ in range(2)]
    return np.stack([grain / grain.std() for grain in grains])
