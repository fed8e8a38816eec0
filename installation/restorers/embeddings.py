"""Prompts as the networks of pipelines hear them: embedded once, kept, and blended on the sphere."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from installation.restorers.blends import slerp
from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    import torch

    Parts = Sequence[tuple[str, float]]

REMEMBERED = 64  # prompts whose embeddings are kept: a few MB
#: How the calls of pipelines name what ``encode_prompt`` answers; None is made anew, or not used.
ANSWERS = {
    "StableDiffusion3": ("prompt_embeds", None, "pooled_prompt_embeds", None),
    "Flux": ("prompt_embeds", "pooled_prompt_embeds", None),
    "SanaSprint": ("prompt_embeds", "prompt_attention_mask"),
    "ZImage": ("prompt_embeds", None),
    "QwenImage": ("prompt_embeds", "prompt_embeds_mask"),
}
LISTED = "ZImage"  # it takes a list with the words of each picture, and no mask


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """What a prompt tells a network: 1 x L x C embeddings, a 1 x C summary, and which of the L are words, 1 x L."""

    embeddings: torch.Tensor
    pooled: torch.Tensor | None = None
    mask: torch.Tensor | None = None


class Memory:
    """Remembers what prompts become in a text encoder, and what blends of them become."""

    def __init__(self, embed: Callable[[str], Condition]) -> None:
        """``embed`` is asked once for each prompt that is not remembered."""
        self._embed = lru_cache(maxsize=REMEMBERED)(embed)
        self.recall = lru_cache(maxsize=REMEMBERED)(self._blended)

    def _blended(self, parts: tuple[tuple[str, float], ...]) -> Condition:
        return mixed([(self._embed(said), weight) for said, weight in parts])


def mixed(parts: Sequence[tuple[Condition, float]]) -> Condition:
    """Conditions with weights as one: each is reached from the blend of those before it, by its share of the weight."""
    (blend, total), *rest = parts
    for condition, weight in rest:
        total += weight
        blend = between(blend, condition, weight / total)
    return blend


def between(one: Condition, other: Condition, share: float) -> Condition:
    """On the way from one condition to another; the shorter is continued with its last word, until both are as long."""
    ones, others = _continued(one, _length(other)), _continued(other, _length(one))
    pooled = None if one.pooled is None else slerp(one.pooled, other.pooled, share)
    mask = None if one.mask is None else _longer(one, other).mask
    return Condition(slerp(ones, others, share), pooled, mask)


def by_hand(pipe: Any, text: str) -> Condition:
    """What a pipeline of the Stable Diffusion family makes of a prompt."""
    import torch

    with torch.no_grad():
        embedded = pipe.encode_prompt(
            prompt=text, device=pipe.device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )
    return Condition(embedded[0], embedded[2] if len(embedded) > 2 else None)  # noqa: PLR2004 - SDXL returns four


def family_of(pipe: Any) -> str | None:
    """Under which name a pipeline's answers are known; None for one that is told its prompts as text."""
    return next((family for family in ANSWERS if type(pipe).__name__.startswith(family)), None)


def called(pipe: Any, text: str) -> Condition:
    """What any other pipeline makes of a prompt, asked as its own call asks."""
    import torch

    asked, asks = (inspect.signature(each).parameters for each in (pipe.encode_prompt, pipe.__call__))
    settings = {name: asks[name].default for name in _ALIKE if name in asked and name in asks}
    others = {name: None for name in ("prompt_2", "prompt_3") if name in asked}
    alone = {"do_classifier_free_guidance": False} if "do_classifier_free_guidance" in asked else {}
    with torch.no_grad():
        answer = pipe.encode_prompt(prompt=[text], device=pipe.device, **settings, **others, **alone)
    told = dict(zip(ANSWERS[family_of(pipe) or ""], answer, strict=True))
    words = told["prompt_embeds"]
    embeddings = words[0].unsqueeze(0) if isinstance(words, list) else words
    mask = told.get("prompt_attention_mask", told.get("prompt_embeds_mask"))
    if mask is None and "prompt_embeds_mask" in told:
        mask = torch.ones(embeddings.shape[:2], dtype=torch.long, device=embeddings.device)  # else it warns, every time
    return Condition(embeddings, told.get("pooled_prompt_embeds"), mask)


def arguments(pipe: Any, condition: Condition, number: int, prefix: str = "") -> dict[str, Any]:
    """A condition as the call of its pipeline takes it, for a number of pictures; ``prefix``: for what is unwanted."""
    family = family_of(pipe)
    told: dict[str, Any] = {"prompt_embeds": condition.embeddings.expand(number, -1, -1)}
    if family == LISTED:
        told["prompt_embeds"] = list(told["prompt_embeds"])
    if condition.pooled is not None:
        told["pooled_prompt_embeds"] = condition.pooled.expand(number, -1)
    for name in ANSWERS[family or ""]:
        if name and name.endswith("mask") and condition.mask is not None:
            told[name] = condition.mask.expand(number, -1)
    return {f"{prefix}{name}": value for name, value in told.items()}


def guidance(pipe: Any, strength: float) -> float:
    """A guidance, 1 for none, as the pipeline counts it: Z-Image says how far beyond what is wanted, 0 for none."""
    return strength - 1.0 if family_of(pipe) == LISTED else strength


def require_readable(tokenizer: Any, parts: Parts, most: int) -> None:
    """Raises ``ModelError`` for a prompt of more tokens than are read: the rest would be passed over in silence."""
    for said, _ in parts:
        tokens = len(tokenizer(said, truncation=False, verbose=False).input_ids)
        if tokens > most:
            raise ModelError(
                f"The prompt {said[:40]!r}… has {tokens} tokens, and this model reads {most}. Say it in fewer words."
            )


_ALIKE = ("max_sequence_length", "complex_human_instruction", "clean_caption")


def _length(condition: Condition) -> int:
    return condition.embeddings.shape[1]


def _longer(one: Condition, other: Condition) -> Condition:
    return max((one, other), key=lambda each: (int(_words(each)), _length(each)))


def _words(condition: Condition) -> int:
    """How many of the embeddings are words; the rest fills up."""
    return _length(condition) if condition.mask is None else int(condition.mask.sum())


def _continued(condition: Condition, length: int) -> torch.Tensor:
    """The embeddings, with the last word in the place of whatever fills up, at least so many of them."""
    import torch

    words = _words(condition)
    places = torch.arange(max(length, _length(condition)), device=condition.embeddings.device)
    return condition.embeddings[:, places.clamp(max=max(words, 1) - 1)]
