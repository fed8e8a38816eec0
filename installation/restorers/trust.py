"""What a pipeline folder must be before anything of it is loaded: complete, local, and free of code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installation.restorers.protocol import ModelError

INDEX, CONFIG = "model_index.json", "config.json"
PICKLES = frozenset({".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"})
LIBRARIES = frozenset({"diffusers", "transformers"})  # anything else would be code from the folder
UNUSED = frozenset({"safety_checker", "feature_extractor", "image_encoder"})  # never loaded: see diffusion.load
PLAIN = "safetensors"  # what stands in the place of a variant's name
ADVICE = "Download the whole folder again, safetensors included."


@dataclass(frozen=True, slots=True)
class Vouched:
    """A folder that may be loaded.

    ``pipeline`` is its class; ``absent`` its components that are left out; ``variant`` names weights such as ``fp16``
    when there are no plain ones; ``weights`` are all files of them.
    """

    folder: Path
    pipeline: str
    absent: tuple[str, ...]
    variant: str | None
    weights: tuple[Path, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 over all weights; they are read for it."""
        return digest(self.folder, self.weights)

    @property
    def loaded(self) -> tuple[Path, ...]:
        """The weights that are loaded: where a component has some of the variant, only those."""
        varied = [file for file in self.weights if variant_of(file.name) == self.variant]
        having = {file.parent for file in varied}
        plain = (file for file in self.weights if file.parent not in having and variant_of(file.name) == PLAIN)
        return (*varied, *plain)


def vouch(folder: Path) -> Vouched:
    """Look a diffusers folder over without loading anything of it.

    Raises ``ModelError``, naming what is wrong, for a folder that is no pipeline, lacks a component or a shard, holds
    pickles where safetensors are missing, or wants code that is not in diffusers or transformers.
    """
    index = read(folder / INDEX)
    if wrong := next(faults(folder, index), None):
        raise ModelError(wrong)
    weights = [file for name in components(index) for file in weights_of(folder / name)]
    absent = tuple(name for name in _named(index) if name in UNUSED)
    return Vouched(folder, index["_class_name"], absent, _variant(weights), tuple(weights))


def vouch_part(part: Path, wanted: str) -> Vouched:
    """Look a single network's folder over, whose class must have ``wanted`` in its name.

    Raises ``ModelError`` for no network at all, another class, and missing or pickled weights.
    """
    if not (part / CONFIG).is_file():
        raise ModelError(f"{part}: no {CONFIG}, so this is no {wanted}. {ADVICE}")
    kind = class_of(read(part / CONFIG))
    if wanted not in kind:
        raise ModelError(f"{part}: {kind or 'nothing that is known'}, and no {wanted}. Name another folder.")
    if wrong := next(faults_of(part), None):
        raise ModelError(wrong)
    weights = weights_of(part)
    return Vouched(part, kind, (), _variant(weights), tuple(weights))


def class_of(told: Mapping[str, Any]) -> str:
    """Which class a network's ``config.json`` names, as diffusers or as transformers writes it; "" for none."""
    architectures = told.get("architectures")
    named = architectures[0] if isinstance(architectures, list) and architectures else ""
    return str(told.get("_class_name") or named)


def faults(folder: Path, index: Mapping[str, Any]) -> Iterator[str]:
    """Everything that keeps a pipeline's folder from being loaded, a sentence each. Raises ``ModelError``.

    ``index`` is what its ``model_index.json`` says.
    """
    parts, pipeline = components(index), index.get("_class_name")
    foreign = [name for name in parts if _named(index)[name][0] not in LIBRARIES]
    if foreign or not isinstance(pipeline, str):
        yield f"{folder}: wants code of its own ({', '.join(foreign) or pipeline}), which is never run."
    if missing := [name for name in parts if not (folder / name).is_dir()]:
        yield f"{folder}: {', '.join(missing)} missing. {ADVICE}"
    for name in parts:
        if name not in missing:
            yield from faults_of(folder / name)


def components(index: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the parts of a pipeline that are loaded: those that are there, but for a checker and its kin."""
    return tuple(name for name, (library, _) in _named(index).items() if library and name not in UNUSED)


def weights_of(part: Path) -> list[Path]:
    """The safetensors of one component; none for tokenizers and schedulers."""
    return sorted(part.glob("*.safetensors"))


def pickles_of(part: Path) -> list[Path]:
    """Its pickled weights, which are never loaded."""
    return sorted(file for file in part.iterdir() if file.suffix in PICKLES)


def _named(index: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: value for name, value in index.items() if not name.startswith("_") and isinstance(value, list)}


def faults_of(part: Path) -> Iterator[str]:
    """What is wrong with one component, a sentence each; one without ``config.json`` (a tokenizer) has no weights."""
    files = weights_of(part)
    if not files and (pickled := pickles_of(part)):
        yield (
            f"{part}: holds only pickled weights ({pickled[0].name}), which can run code and are never loaded. "
            "Download the safetensors."
        )
    elif not files and (part / CONFIG).is_file():
        yield f"{part}: weights missing (no .safetensors). {ADVICE}"
    shards = {shard for index in part.glob("*.safetensors.index*.json") for shard in _shards(index)}
    if lost := sorted(shards - {file.name for file in files}):
        yield f"{part}: {', '.join(lost)} missing. {ADVICE}"


def _shards(index: Path) -> set[str]:
    return {str(name) for name in read(index).get("weight_map", {}).values()}


def _variant(weights: list[Path]) -> str | None:
    """``fp16`` for ``model.fp16.safetensors``, when some component has no plain weights beside it."""
    names = {(file.parent, variant_of(file.name)) for file in weights}
    plain = {parent for parent, second in names if second == PLAIN}
    return next((second for parent, second in sorted(names) if parent not in plain), None)


def variant_of(name: str) -> str:
    """``fp16`` of ``model.fp16.safetensors`` and of ``model.fp16-00001-of-2.safetensors``; else ``safetensors``."""
    return name.split(".")[1].partition("-")[0]


def digest(folder: Path, weights: Iterable[Path]) -> str:
    """SHA-256 over some files of a folder and their names; they are read for it."""
    total = hashlib.sha256()
    for file in weights:
        with file.open("rb") as opened:
            total.update(f"{file.relative_to(folder).as_posix()} ".encode())
            total.update(hashlib.file_digest(opened, "sha256").digest())
    return total.hexdigest()


def together(*digests: str) -> str:
    """One SHA-256 for several."""
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()


def read(file: Path) -> dict[str, Any]:
    """A JSON object from a file."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{file.parent}: no {file.name}, so this is no diffusers pipeline. {ADVICE}") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{file}: cannot be read ({error}). {ADVICE}") from error
    if not isinstance(content, dict):
        raise ModelError(f"{file}: not what diffusers writes. {ADVICE}")
    return content
