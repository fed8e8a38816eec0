"""What a pipeline folder must be before anything of it is loaded: complete, local, and free of code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installation.restorers.protocol import ModelError

INDEX = "model_index.json"
PICKLES = frozenset({".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"})
LIBRARIES = frozenset({"diffusers", "transformers"})  # anything else would be code from the folder
UNUSED = frozenset({"safety_checker", "feature_extractor", "image_encoder"})  # never loaded: see diffusion.load
ADVICE = "Download the whole folder again, safetensors included."


@dataclass(frozen=True, slots=True)
class Vouched:
    """A folder that may be loaded.

    ``pipeline`` is its class; ``absent`` its components that are left out; ``variant`` names weights such as ``fp16``
    when there are no plain ones; ``digest`` is the SHA-256 over all weights.
    """

    folder: Path
    pipeline: str
    absent: tuple[str, ...]
    variant: str | None
    digest: str


def vouch(folder: Path) -> Vouched:
    """Look a diffusers folder over without loading anything of it.

    Raises ``ModelError``, naming what is wrong, for a folder that is no pipeline, lacks a component or a shard, holds
    pickles where safetensors are missing, or wants code that is not in diffusers or transformers.
    """
    index = _read(folder / INDEX)
    named = {name: value for name, value in index.items() if not name.startswith("_") and isinstance(value, list)}
    parts = tuple(name for name, (library, _) in named.items() if library and name not in UNUSED)
    pipeline = index.get("_class_name")
    foreign = [name for name in parts if named[name][0] not in LIBRARIES]
    if foreign or not isinstance(pipeline, str):
        raise ModelError(f"{folder}: wants code of its own ({', '.join(foreign) or pipeline}), which is never run.")
    missing = [name for name in parts if not (folder / name).is_dir()]
    if missing:
        raise ModelError(f"{folder}: {', '.join(missing)} missing. {ADVICE}")
    weights = [file for name in parts for file in _weights(folder / name)]
    absent = tuple(name for name in named if name in UNUSED)
    return Vouched(folder, pipeline, absent, _variant(weights), _digest(folder, weights))


def _weights(part: Path) -> list[Path]:
    """The safetensors of one component; none for tokenizers and schedulers, which have no ``config.json``."""
    files = sorted(part.glob("*.safetensors"))
    if not files and (pickled := sorted(file.name for file in part.iterdir() if file.suffix in PICKLES)):
        raise ModelError(
            f"{part}: holds only pickled weights ({pickled[0]}), which can run code and are never loaded. "
            "Download the safetensors."
        )
    if not files and (part / "config.json").is_file():
        raise ModelError(f"{part}: weights missing (no .safetensors). {ADVICE}")
    shards = {shard for index in part.glob("*.safetensors.index*.json") for shard in _shards(index)}
    lost = sorted(shards - {file.name for file in files})
    if lost:
        raise ModelError(f"{part}: {', '.join(lost)} missing. {ADVICE}")
    return files


def _shards(index: Path) -> set[str]:
    return {str(name) for name in _read(index).get("weight_map", {}).values()}


def _variant(weights: list[Path]) -> str | None:
    """``fp16`` for ``model.fp16.safetensors``, when some component has no plain weights beside it."""
    names = {(file.parent, file.name.split(".")[1]) for file in weights}
    plain = {parent for parent, second in names if second.startswith("safetensors")}
    return next((second for parent, second in sorted(names) if parent not in plain), None)


def _digest(folder: Path, weights: list[Path]) -> str:
    total = hashlib.sha256()
    for file in weights:
        with file.open("rb") as opened:
            total.update(f"{file.relative_to(folder).as_posix()} ".encode())
            total.update(hashlib.file_digest(opened, "sha256").digest())
    return total.hexdigest()


def _read(file: Path) -> dict[str, Any]:
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
