"""What ember is told besides the picture: words of a caption, and which medium burnt it how far.

Both become one vector that is added to the network's embedding of the noise level. Nothing said is the zero vector, and
so is the Gaussian medium, whose noise level says everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.machine.files import write_atomically
from installation.restorers import wavelet
from installation.restorers.filters import KNOTS, Regression, between

if TYPE_CHECKING:
    import torch

GAUSSIAN = -1  # the number of the medium that needs no vector
SILENCE = 0  # the number of the word that says nothing
NAMES, TABLES = "conditions.json", "conditions.safetensors"
LEARNT, MEASURED = "tables.", "regression."


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """The words and media that are known, what was learnt of them, and the media's linear filters."""

    words: tuple[str, ...]
    media: tuple[str, ...]
    tables: Any
    regression: Regression

    @classmethod
    def none(cls, network: Any) -> Conditions:
        """What a network knows that was trained on nothing but noise."""
        import torch

        nothing = torch.zeros(0, KNOTS, wavelet.CHANNELS)
        heard = tables(0, 0, 4 * network.config.block_out_channels[0])
        return cls((), (), heard.requires_grad_(requires_grad=False), Regression(*[nothing] * 5))

    def spell(self, text: str) -> tuple[int, ...]:
        """The numbers of the words of a text that are known, in order, once each; a plural counts as its singular."""
        numbers, said = number(self.words), re.findall("[a-z]+", text.lower())
        known = (numbers.get(word) or numbers.get(word.removesuffix("s")) for word in said)
        return tuple(dict.fromkeys(found for found in known if found))

    def caption(self, words: tuple[int, ...]) -> torch.Tensor:
        """The vector of a caption, 1 x width."""
        import torch

        with torch.inference_mode():
            place = self.tables["words"].weight.device
            vector: torch.Tensor = self.tables["words"](torch.tensor([words or (SILENCE,)], device=place))
            return vector

    def burn(self, medium: str, temperature: float) -> torch.Tensor:
        """The vector of a medium at a temperature, 1 x width. Raises ``ValueError`` for a medium never met."""
        import torch

        place = self.tables["media"].weight.device
        where = torch.tensor([self.media.index(medium)], device=place)
        with torch.inference_mode():
            return burn_vector(self.tables, where, torch.tensor([temperature], device=place))

    def save(self, folder: Path) -> None:
        """Write names as JSON and numbers as safetensors: the learnt ones in bfloat16, the measured ones in float32."""
        import torch
        from safetensors.torch import save

        tensors = {f"{LEARNT}{name}": value.to(torch.bfloat16) for name, value in self.tables.state_dict().items()}
        tensors |= {f"{MEASURED}{name}": value for name, value in asdict(self.regression).items()}
        whole = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        write_atomically(folder / TABLES, save(whole))
        write_atomically(folder / NAMES, json.dumps({"words": self.words, "media": self.media}, indent=0))

    @classmethod
    def load(cls, folder: Path, device: torch.device) -> Conditions:
        """Read what ``save`` wrote. Raises ``OSError``, ``ValueError``, ``KeyError``, ``RuntimeError`` for damage."""
        from safetensors.torch import load_file

        told = json.loads((folder / NAMES).read_text(encoding="utf-8"))
        tensors = {name: value.float() for name, value in load_file(folder / TABLES, str(device)).items()}
        words, media = tuple(map(str, told["words"])), tuple(map(str, told["media"]))
        learnt, measured = _under(LEARNT, tensors), _under(MEASURED, tensors)
        heard = tables(len(words), len(media), learnt["words.weight"].shape[1]).to(device)
        heard.load_state_dict(learnt)
        if any(part.shape != (len(media), KNOTS, wavelet.CHANNELS) for part in measured.values()):
            raise ValueError(f"{TABLES} holds no filters of {len(media)} media")
        return cls(words, media, heard.requires_grad_(requires_grad=False), Regression(**measured))


def tables(words: int, media: int, width: int) -> Any:
    """What is learnt of ``words`` words and ``media`` media, as modules; all zero: nothing is known of them yet."""
    import torch

    said = torch.nn.EmbeddingBag(words + 1, width, mode="mean", padding_idx=SILENCE)
    burnt = torch.nn.Embedding(max(media, 1) * KNOTS, width)
    for table in (said, burnt):
        torch.nn.init.zeros_(table.weight)
    return torch.nn.ModuleDict({"words": said, "media": burnt})


def remember(heard: Any, words: tuple[str, ...], before: Conditions) -> None:
    """Let fresh tables know of words what was learnt of them before."""
    import torch

    numbers = number(before.words)
    old, new = before.tables["words"].weight, heard["words"].weight
    with torch.no_grad():
        for word, place in number(words).items():
            if word in numbers:
                new[place] = old[numbers[word]]


def condition(heard: Any, words: torch.Tensor, medium: torch.Tensor, temperature: torch.Tensor) -> torch.Tensor:
    """The vector of each picture, B x width: the mean of its words, and where it lies between its medium's knots.

    ``words``: B x L numbers from 1, filled up with 0; ``medium``: B numbers, -1 for Gaussian; ``temperature``: B.
    """
    burnt = burn_vector(heard, medium.clamp(min=0), temperature)
    vector: torch.Tensor = heard["words"](words) + (medium != GAUSSIAN).unsqueeze(1) * burnt
    return vector


def burn_vector(heard: Any, medium: torch.Tensor, temperature: torch.Tensor) -> torch.Tensor:
    """Between the two nearest knots of each medium: B x width."""
    low, share = between(temperature)
    knot = medium * KNOTS + low
    vector: torch.Tensor = heard["media"](knot).lerp(heard["media"](knot + 1), share.unsqueeze(1))
    return vector


def number(vocabulary: Iterable[str]) -> dict[str, int]:
    """The words by their numbers, from 1."""
    return {word: index for index, word in enumerate(vocabulary, SILENCE + 1)}


def _under(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
