"""Adapters: a few trained matrices beside a pipeline's network, put on from a folder and taken off without a trace.

Low-rank adaptation (Hu et al. 2021, arXiv:2106.09685), by diffusers and peft. The network's own weights are never
written: an adapter hangs beside them. A folder that names its ``base`` plays like any model's folder.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from installation.machine.files import write_atomically
from installation.restorers.protocol import ModelError

WEIGHTS, BASE = "pytorch_lora_weights.safetensors", "base.json"
HEADER = 8  # bytes that say how long the header of a safetensors file is
FOREIGN = ("unet.", "text_encoder", "lora_unet_", "lora_te")  # how names begin in adapters of other programs
NAME = "default"  # what diffusers saves; under its other names an adapter could not be saved again


def put_on(network: Any, folder: Path) -> None:
    """Have the network wear the adapter of a folder and no other. Raises ``ModelError``, and wears nothing then."""
    from safetensors import SafetensorError

    take_off(network)
    try:
        network.load_lora_adapter(adapter_name=NAME, **_weights(network, folder))
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError, TypeError, ImportError) as error:
        take_off(network)
        raise ModelError(f"{folder}: this adapter does not fit ({error}). Name one made for this model.") from error
    if not getattr(network, "peft_config", None):
        raise ModelError(f"{folder}: nothing in this adapter fits the model. Name one made for it.")
    network.requires_grad_(requires_grad=False)


def _weights(network: Any, folder: Path) -> dict[str, Any]:
    """The matrices of a folder, as diffusers loads them: those of other programs have other names, and alphas."""
    if not any(name.startswith(FOREIGN) for name in _header(folder)):
        file = {"weight_name": WEIGHTS, "local_files_only": True, "use_safetensors": True}
        return {"pretrained_model_name_or_path_or_dict": str(folder), "prefix": None, **file}
    from diffusers.loaders import StableDiffusionXLLoraLoaderMixin as Reader
    from safetensors.torch import load_file

    matrices, alphas = Reader.lora_state_dict(load_file(folder / WEIGHTS), unet_config=network.config)
    return {"pretrained_model_name_or_path_or_dict": matrices, "prefix": "unet", "network_alphas": alphas}


def _header(folder: Path) -> dict[str, Any]:
    """What an adapter's file says of itself."""
    with (folder / WEIGHTS).open("rb") as file:
        header: dict[str, Any] = json.loads(file.read(int.from_bytes(file.read(HEADER), "little")))
        return header


def take_off(network: Any) -> None:
    """The network as it was, bit for bit; nothing happens where it wears nothing."""
    if getattr(network, "peft_config", None):
        network.unload_lora()


def save(network: Any, folder: Path, base: Path) -> None:
    """Write what the network wears into a folder, and which model's folder it belongs to: a few megabytes.

    One that wears nothing has a folder too, which says so: an adapter that is lost is missed.
    """
    worn = getattr(network, "peft_config", {}).get(NAME)
    if worn:
        worn.target_modules = sorted(worn.target_modules)  # a set is written in another order by every process
        network.save_lora_adapter(str(folder), weight_name=WEIGHTS)
    write_atomically(folder / BASE, json.dumps({"base": str(base), "adapter": WEIGHTS if worn else None}))


def name_base(folder: Path, base: Path, *, consistent: bool = False) -> None:
    """Write down which model an adapter that came from elsewhere belongs to, and whether it makes that an LCM."""
    write_atomically(folder / BASE, json.dumps({"base": str(base), "adapter": WEIGHTS, "consistent": consistent}))


def base_of(folder: Path) -> Path | None:
    """The model's folder that an adapter belongs to; None where the folder is no adapter's. Raises ``ModelError``."""
    return Path(_told(folder)["base"]) if (folder / BASE).is_file() else None


def is_bare(folder: Path) -> bool:
    """Whether an adapter's folder says that nothing is worn. Raises ``ModelError``."""
    return _told(folder).get("adapter", WEIGHTS) is None


def is_consistent(folder: Path) -> bool:
    """Whether a model that wears it finishes a picture in one guess, as an LCM does. Raises ``ModelError``."""
    return _told(folder).get("consistent") is True


def _told(folder: Path) -> dict[str, Any]:
    """What a folder says of its base. Raises ``ModelError``."""
    try:
        told: dict[str, Any] = json.loads((folder / BASE).read_text(encoding="utf-8"))
        return {**told, "base": Path(told["base"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / BASE}: does not say its base ({error}). Make the adapter again.") from error


def digest(folder: Path, base: str) -> str:
    """SHA-256 of an adapter and the digest of its base: takes say with which model they were made.

    The header is put in order first: safetensors writes its remarks in another order every time.
    """
    file = (folder / WEIGHTS).read_bytes()
    end = HEADER + int.from_bytes(file[:HEADER], "little")
    header = json.dumps(json.loads(file[HEADER:end]), sort_keys=True)
    return hashlib.sha256(base.encode() + header.encode() + file[end:]).hexdigest()
