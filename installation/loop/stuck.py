"""How a loop dies, seen in its fingerprints: one pure detector for each death, with a name and a sentence.

Why loops die is known (an MMSE restorer contracts, a cold one freezes, the same noise every time has a fixed point);
that they do not, for months, is the keeper's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from installation.loop.history import History

NEAR_BITS = 2  # of 64: two dHashes that show the same picture
NEAR_COLOUR = 2.3  # Delta E, mean over the thumb: a just noticeable difference (Mahy et al. 1994)
LONGEST_LAG = 1024  # generations
RECURS = 0.8  # share of pictures that are back after the lag: more is a cycle
LEFT = 0.7  # share at a shorter lag: less, or the picture has never been away
STEADY = 0.02  # of temperature: what goes and comes with a temperature that moves more follows the score
DARKEST, BRIGHTEST = 0.03, 0.97  # mean luma
FLATTEST = 0.02  # standard deviation of the 9 x 8 luma
BLANK = 5  # generations in a row without a picture; nobody should look at an empty wall for longer
WINDOW = 64  # pictures whose diversity is taken
LEAST_DIVERSITY = 1.5  # of 64: everything looks like one picture
Detector = Callable[["History", int], str | None]


def fixed_point(history: History, patience: int) -> str | None:
    """The picture has not changed to the eye for ``patience`` generations."""
    if len(history) < patience:
        return None
    lately = history.newest(patience)
    if not (_bits(lately["hash"] ^ lately["hash"][-1]) <= NEAR_BITS).all():
        return None
    if not (colour_distance(lately["thumb"], lately["thumb"][-1]) < NEAR_COLOUR).all():
        return None
    return f"a fixed point: the picture has not changed for {patience} generations"


def limit_cycle(history: History, patience: int) -> str | None:
    """The same pictures come round: the histogram of lags has a peak above .8, after a lag at which they were away.

    The share for a lag is taken over two periods, and over ``patience`` generations at least. Periods over which the
    temperature moved are the score's own, and no fault.
    """
    hashes, temperature = history.newest()["hash"], history.newest()["temperature"]
    for lag in _candidates(hashes):
        needed = max(2 * lag, patience)
        if len(hashes) >= needed + lag and float(np.ptp(temperature[-lag:])) <= STEADY:
            away = min(_share(hashes, shorter, needed) for shorter in {1, max(lag // 2, 1), lag - 1})
            if _share(hashes, lag, needed) > RECURS and away < LEFT:
                return f"a cycle: the same {lag} pictures come round and round"
    return None


def collapse(history: History, patience: int) -> str | None:
    """The pictures of the last ``patience`` generations are all of one kind: a Vendi score below 1.5."""
    if len(history) < max(patience, WINDOW):
        return None
    score = diversity(_spread(history.newest(max(patience, WINDOW))["thumb"]))
    if score >= LEAST_DIVERSITY:
        return None
    return f"diversity has collapsed: {WINDOW} pictures are worth {score:.2f}"


def white_out(history: History, patience: int) -> str | None:  # noqa: ARG001 - nobody is patient with a blank wall
    """Nothing is left but light."""
    blank = history.newest(BLANK)["light"]
    if len(blank) < BLANK or not (blank > BRIGHTEST).all():
        return None
    return f"white-out: mean luma {blank[-1]:.2f} for {BLANK} generations"


def black_out(history: History, patience: int) -> str | None:  # noqa: ARG001 - the same
    """Nothing is left at all."""
    blank = history.newest(BLANK)["light"]
    if len(blank) < BLANK or not (blank < DARKEST).all():
        return None
    return f"black-out: mean luma {blank[-1]:.2f} for {BLANK} generations"


def flat_field(history: History, patience: int) -> str | None:  # noqa: ARG001 - the same
    """One colour everywhere, as far as the first glance goes; noise on it does not help."""
    blank = history.newest(BLANK)["contrast"]
    if len(blank) < BLANK or not (blank < FLATTEST).all():
        return None
    return f"a flat field: luma differs by {blank[-1]:.3f} for {BLANK} generations"


#: Blank walls first: they are the most urgent, and a blank wall is a fixed point too.
BLANKS: Mapping[str, Detector] = {"white-out": white_out, "black-out": black_out, "flat field": flat_field}
STANDSTILLS: Mapping[str, Detector] = {"fixed point": fixed_point}
#: These take a moment, and can wait for one.
SLOW: Mapping[str, Detector] = {"limit cycle": limit_cycle, "collapse": collapse}


def near(history: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which of n fingerprints show the same picture as another one does, n booleans."""
    alike: np.ndarray = _bits(history["hash"] ^ other["hash"]) <= NEAR_BITS
    return alike & (colour_distance(history["thumb"], other["thumb"]) < NEAR_COLOUR)


def diversity(thumbs: np.ndarray) -> float:
    """The Vendi score of order 2 of n x 16 x 3 thumbs, 1 / |K / n|^2: 1 if all are alike, n if all are different.

    K = exp(-d^2 / 2 h^2) with d the mean Delta E and h = 2.3, just noticeable. Of this order it needs no eigenvalues,
    so it is exact on every machine and costs a tenth (Pasarkar and Dieng 2023, arXiv:2310.12952).
    """
    kernel = np.exp(-(colour_distance(thumbs[:, None], thumbs[None]) ** 2) / (2.0 * NEAR_COLOUR**2))
    return float(1.0 / np.square(kernel / len(thumbs)).sum(dtype=np.float64))


def colour_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean Delta E (CIE 1976) over the 16 cells of ... x 16 x 3 thumbs."""
    apart = a.astype(np.float32) - b.astype(np.float32)
    distance: np.ndarray = np.sqrt((apart * apart).sum(axis=-1)).mean(axis=-1)
    return distance


def _bits(words: np.ndarray) -> np.ndarray:
    counted: np.ndarray = np.bitwise_count(words)
    return counted


def _share(hashes: np.ndarray, lag: int, count: int) -> float:
    """The share of the newest ``count`` pictures that were there ``lag`` generations before."""
    return float((_bits(hashes[-count:] ^ hashes[-count - lag : -lag]) <= NEAR_BITS).mean())


def _candidates(hashes: np.ndarray) -> np.ndarray:
    """Lags after which the newest picture was there and before which it was not, ascending."""
    back = hashes[-2 : -min(LONGEST_LAG, len(hashes) - 1) - 2 : -1]
    here = _bits(back ^ hashes[-1:]) <= NEAR_BITS
    first_away = int(np.argmin(here)) if len(here) and not here.all() else len(here)
    lags: np.ndarray = np.flatnonzero(here[first_away:]) + first_away + 1
    return lags


def _spread(thumbs: np.ndarray) -> np.ndarray:
    """64 of them, evenly spread in time."""
    chosen: np.ndarray = thumbs[np.linspace(0, len(thumbs) - 1, WINDOW).round().astype(int)]
    return chosen
