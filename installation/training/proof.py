"""What came of the training: weights to ship, skill on pictures never seen, and sheets to look at."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as Pillow

from installation.burns.gaussian import Gaussian
from installation.images import to_pixels, to_tensor
from installation.machine.files import write_atomically
from installation.randomness import generator, white
from installation.restorers import Restoring, wavelet
from installation.restorers.ember import STATISTICS, SUMS, sha256
from installation.restorers.filters import Doubt
from installation.restorers.networks import EXPERT
from installation.training.composition import crop
from installation.training.objective import FAINTEST
from installation.training.record import RECORD
from installation.training.trial import Sizes, asked

if TYPE_CHECKING:
    import torch

    from installation.records import Image, Pixels
    from installation.restorers.conditions import Conditions
    from installation.restorers.ember import Ember
    from installation.restorers.filters import Bands
    from installation.training.composition import Exhibit, Shelf
    from installation.training.corpus import Corpus

SHARD = "15MB"  # small enough for any host of repositories
LEVELS = (0.1, 0.3, 0.6, 1.0, 2.0, 5.0, 20.0)  # sigma
TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 0.95)
TRIED = 24  # held-out pictures
DOUBTS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 12.0, 25.0, 80.0)  # sigma
ACROSS = 8  # pictures by words in a row
DOUBTED = 12  # pictures on which the errors of bands are measured


def export(ember: Ember, folder: Path, record: Mapping[str, Any] | None = None) -> None:
    """Write a folder that ``ember.load`` takes: bfloat16 safetensors in files of at most 15 MB, replaced whole.

    ``record`` is what its training says of itself, as ``training.json``.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
        fresh = Path(beside) / "new"
        _write(ember.network, ember.conditions, fresh)
        write_atomically(fresh / STATISTICS, json.dumps(_statistics(ember), indent=0))
        if ember.expert:
            _write(ember.expert.network, ember.expert.conditions, fresh / EXPERT)
        if record:
            write_atomically(fresh / RECORD, json.dumps(record, indent=1))
        vouch(fresh)
        if folder.exists():
            folder.rename(Path(beside) / "old")
        fresh.rename(folder)


def _write(network: Any, conditions: Conditions, folder: Path) -> None:
    """A network as diffusers writes it, and what it knows of words and media."""
    import torch
    from diffusers import UNet2DModel

    with torch.device("meta"):
        shell = UNet2DModel.from_config(_without_path(network.config))
    state = {name: value.to("cpu", torch.bfloat16) for name, value in network.state_dict().items()}
    shell.load_state_dict(state, assign=True)
    shell.save_pretrained(folder, safe_serialization=True, max_shard_size=SHARD)
    conditions.save(folder)


def _without_path(config: Mapping[str, Any]) -> dict[str, Any]:
    """A network's configuration without the folder it was once loaded from, which is nobody's business."""
    return {name: value for name, value in config.items() if name != "_name_or_path"}


def _statistics(ember: Ember) -> dict[str, Any]:
    """What ``ember.read_bands`` reads; errors to five digits, which is more than they are known to."""
    doubt = [[float(f"{error:.5g}") for error in row] for row in ember.doubt.variance.tolist()]
    return {
        "wavelet": "sym4",
        "mean": ember.bands.mean.flatten().tolist(),
        "std": ember.bands.std.flatten().tolist(),
        "doubt": {"sigma": ember.doubt.sigma.tolist(), "variance": doubt},
    }


def vouch(folder: Path) -> None:
    """Write ``SHA256SUMS`` over the model's files in a folder."""
    files = (file for file in folder.rglob("*") if file.suffix in {".json", ".safetensors"})
    names = sorted(file.relative_to(folder).as_posix() for file in files)
    write_atomically(folder / SUMS, "".join(f"{sha256(folder / name)}  {name}\n" for name in names))


def wiener(bands: Bands, x: Image, sigma: float) -> Image:
    """The best linear guess, band by band: what ember says when its network is silent."""
    import torch

    level = torch.full((x.shape[0], 1, 1, 1), sigma)
    return wavelet.synthesise(bands.filter(level).denoise(torch.zeros_like, wavelet.analyse(x)))


def held_out(corpus: Corpus, size: int, seed: int) -> list[Pixels]:
    """Up to 24 square crops of held-out photographs, of anything held out, or else of what was taught."""
    rng = generator(seed, 0, stream=2)
    shelf = corpus.held.get("photo") or _all(corpus.held) or _all(corpus.taught)
    return [crop(shelf[index].pixels, size, rng) for index in rng.permutation(len(shelf))[:TRIED]]


def _all(shelf: Shelf) -> list[Exhibit]:
    return [exhibit for kind in shelf.values() for exhibit in kind]


def trial(ember: Ember, pictures: list[Pixels]) -> dict[str, tuple[float, float]]:
    """Mean PSNR in dB of one-step guesses by noise level: ember's and the Wiener filter's."""
    found = {}
    for sigma in LEVELS:
        pairs = [_duel(ember, to_tensor(picture), sigma, index) for index, picture in enumerate(pictures)]
        ours, linear = np.mean(pairs, axis=0).round(3).tolist() if pairs else (0.0, 0.0)
        found[f"{sigma:g}"] = (ours, linear)
    return found


def doubt(ember: Ember, pictures: list[Pixels]) -> Doubt:
    """How wrong ember is in every band, on up to 12 pictures it was not taught: what ``Ember.keep`` gives back."""
    import torch

    clean = [to_tensor(picture) for picture in pictures[:DOUBTED]]
    errors = [_band_errors(ember, clean, sigma) for sigma in DOUBTS]
    return Doubt(torch.tensor(DOUBTS), torch.stack(errors).clamp_min(FAINTEST**2))


def _band_errors(ember: Ember, clean: list[Image], sigma: float) -> torch.Tensor:
    import torch

    guesses = [ember.denoise(one + sigma * white(generator(index, 1), one), sigma) for index, one in enumerate(clean)]
    errors: torch.Tensor = wavelet.analyse(torch.cat(guesses) - torch.cat(clean)).square().mean(dim=(0, 2, 3))
    return errors


def _duel(ember: Ember, clean: Image, sigma: float, index: int) -> tuple[float, float]:
    noisy = clean + sigma * white(generator(index, 0), clean)
    return psnr(ember.denoise(noisy, sigma), clean), psnr(wiener(ember.bands, noisy, sigma), clean)


def psnr(guess: Image, clean: Image) -> float:
    """Peak signal-to-noise ratio in dB of images in -1 to 1, the guess clamped to that range as a screen would."""
    error: torch.Tensor = (guess.clamp(-1.0, 1.0) - clean).square().mean()
    return float(10.0 * (4.0 / error).log10())


def sheet(ember: Ember, pictures: list[Pixels], steps: int = 4) -> bytes:
    """A PNG: one row per picture, itself and its restorations from T = .2, .4, .6, .8 and .95."""
    return _png([np.hstack([picture, *_restored(ember, picture, steps)]) for picture in pictures])


def _png(rows: list[Pixels]) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(np.vstack(rows)).save(file, "PNG")
    return file.getvalue()


def said(ember: Ember, words: tuple[str, ...]) -> bytes:
    """A PNG: for each word, or for none at all, a picture painted from nothing but noise, in rows of eight."""
    cells = [asked(ember, word, Sizes(), "cpu", serial) for serial, word in enumerate(words or ("",))]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % ACROSS)
    return _png([np.hstack(cells[first : first + ACROSS]) for first in range(0, len(cells), ACROSS)])


def _restored(ember: Ember, picture: Pixels, steps: int) -> list[Pixels]:
    results = []
    for serial, temperature in enumerate(TEMPERATURES):
        rng = generator(0, serial)
        burnt = Gaussian(temperature)(to_tensor(picture), rng)
        *_, last = ember.restore(burnt, Restoring(steps=steps), rng)
        results.append(to_pixels(last.denoised))
    return results
