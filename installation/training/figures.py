"""What is measured of a trained ember besides clouds: single guesses, media undone, and its speed on this machine."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from installation.burns.temperature import from_sigma
from installation.images import to_pixels
from installation.loop.stopwatch import timed, turn_seconds
from installation.randomness import generator, white
from installation.readings import likeness, recollection
from installation.training.proof import LEVELS, held_out, psnr
from installation.training.trial import (
    BATCH,
    SIDE,
    Track,
    Trial,
    batch_of,
    burnt_by,
    from_noise,
    restored,
)

if TYPE_CHECKING:
    import torch

    from installation.records import Image
    from installation.training.wiener import Wiener

WIENER = "wiener"
PATIENCE = 300.0  # seconds for a fresh process to load a model and paint one picture, on a busy machine
Guess = Callable[["Image", float], "Image"]


def denoising(trial: Trial, wiener: Wiener, track: Track[float]) -> dict[str, Any]:
    """Single guesses from white noise on held-out photographs, by noise level and contender, and on taught ones.

    Each row: ``sigma``, ``temperature``, ``psnr`` in dB (the mean of the pictures' own) and ``loss``, the mean squared
    error in units of -1 to 1. ``taught`` is ember's PSNR on as many training photographs: a gap shows overfitting.
    """
    held, taught = (batch_of(pictures, trial.device) for pictures in _photographs(trial))
    guesses: dict[str, Guess] = {WIENER: wiener.denoise}
    guesses |= {name: contender.denoise for name, contender in trial.contenders.items()}
    rows = []
    for sigma in track(LEVELS, "Denoising"):
        found = {name: _errors(guess, held, sigma) for name, guess in guesses.items()}
        rows.append({
            "sigma": sigma,
            "temperature": from_sigma(sigma),
            "psnr": {name: psnrs for name, (psnrs, _) in found.items()},
            "loss": {name: loss for name, (_, loss) in found.items()},
            "taught": _errors(trial.ember.denoise, taught, sigma)[0],
        })  # fmt: skip
    return {"rows": rows, "pictures": len(held), "taught_pictures": len(taught)}


def _photographs(trial: Trial) -> tuple[list[Any], list[Any]]:
    """Held-out photographs and as many of those taught, as they are cropped for training."""
    held = held_out(trial.corpus, SIDE, trial.seed)[: trial.sizes.pictures]
    taught = held_out(replace(trial.corpus, held=trial.corpus.taught), SIDE, trial.seed)
    return held, taught[: len(held)]


def _errors(guess: Guess, clean: Image, sigma: float) -> tuple[float, float]:
    """Mean PSNR and mean squared error of single guesses."""
    psnrs, squares = [], []
    for serial, first in enumerate(range(0, len(clean), BATCH)):
        some = clean[first : first + BATCH]
        guessed = guess(some + sigma * white(generator(serial, 0), some), sigma)
        psnrs += [psnr(one, other) for one, other in zip(guessed, some, strict=True)]
        squares += (guessed - some).square().mean(dim=(1, 2, 3)).tolist()
    return statistics.fmean(psnrs), statistics.fmean(squares)


def undone(trial: Trial, medium: str, temperature: float, pictures: Image) -> dict[str, Image]:
    """A batch burnt, restored in the trial's steps, and, where ember was taught the medium, recovered in one guess."""
    burnt = burnt_by(medium, temperature, pictures, 0)
    found = {"burnt": burnt.image, "restored": restored(trial.ember, burnt, trial.sizes.steps, 0)}
    if medium in getattr(trial.ember, "media", ()):
        found["recovered"] = trial.ember.recover(burnt.image, medium, temperature)
    return found


def fidelity(found: Mapping[str, Image], origins: Image) -> dict[str, dict[str, float]]:
    """How near batches are to their origins: mean PSNR in dB, and memory, the mean correlation at a glance, -1 to 1."""
    return {
        "psnr": {name: _mean(psnr, images, origins) for name, images in found.items()},
        "memory": {name: _mean(_memory, images, origins) for name, images in found.items()},
    }


def _mean(compare: Callable[[Image, Image], float], images: Image, origins: Image) -> float:
    return statistics.fmean(compare(images[at : at + 1], origins[at : at + 1]) for at in range(len(images)))


def _memory(image: Image, origin: Image) -> float:
    return likeness(recollection(to_pixels(image)), recollection(to_pixels(origin)))


def speed(trial: Trial, folder: Path, origin: Image) -> dict[str, Any]:
    """What this machine makes of it at 256 x 256, with the conditions; and a fresh process from start to picture."""
    import torch

    image = origin.to(trial.device)
    denoise = statistics.median(timed(lambda: _settled(trial.ember.denoise(image, 1.0)), trial.sizes.timed))
    rates = {
        str(steps): 1.0 / statistics.median(turn_seconds(trial.ember, image, steps, trial.sizes.timed))
        for steps in (1, 2)
    }
    cold, rss = in_fresh_process(folder, trial.device)
    return {
        "step_ms": 1e3 * denoise,
        "generations_per_second": rates,
        "first_picture_seconds": cold,
        "peak_rss_mib": rss,
        "device": device_name(trial.device),
        "threads": torch.get_num_threads(),
        "dtype": str(getattr(getattr(trial.ember, "network", None), "dtype", "")).removeprefix("torch."),
        "load": os.getloadavg()[0],
        "torch": version("torch"),
    }


def in_fresh_process(folder: Path, device: str) -> tuple[float, float]:
    """Seconds from the start of a process to its first picture of one step, and its peak memory in MiB."""
    began = time.monotonic()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        rss = pool.submit(first_picture, str(folder), device).result(timeout=PATIENCE)
        return time.monotonic() - began, rss


def first_picture(folder: str, device: str) -> float:
    """Load an ember, paint one picture, and return the peak resident memory of this process in MiB."""
    from installation.restorers.ember import load

    from_noise(load(Path(folder), device), 1, 1, device)
    return peak_rss_mib()


def peak_rss_mib() -> float:
    """The most memory this process has held, as the kernel's VmHWM tells it, or else what it holds now.

    Not ``ru_maxrss``: that one counts the parent's memory too, which a child shares until it begins a program.
    """
    file = Path("/proc/self/status")
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    peaks = [float(line.split()[1]) / 1024.0 for line in lines if line.startswith("VmHWM:")]
    return peaks[0] if peaks else float(psutil.Process().memory_info().rss) / 2**20


def device_name(device: str) -> str:
    """What computes, in words."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    names = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    return f"{len(names) or os.cpu_count()} cores of {names[0] if names else platform.machine()}"


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def _settled(image: torch.Tensor) -> float:
    """One number of a picture: an accelerator answers only when it has finished."""
    return float(image[0, 0, 0, 0])
