"""In and out of a pipeline's latents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    import torch

    from installation.records import Burnt, Image

#: How their makers call the tiny autoencoders (TAESD) of each kind of latents, by how the pipeline's name begins.
TINY = {
    "StableDiffusionXL": "taesdxl",
    "StableDiffusion3": "taesd3",
    "StableDiffusion": "taesd",
    "LatentConsistency": "taesd",
    "Flux": "taef1",
    "ZImage": "taef1",
}
FACTOR = 8  # pixels a side that one latent of a Stable Diffusion stands for
FILM = 5  # dimensions of a batch of films, B x C x T x H x W
FAINTEST = 0.05  # what is left of an image below this share of its signal is not worth amplifying


@dataclass(frozen=True, slots=True, eq=False)
class Autoencoders:
    """A pipeline's own autoencoder, and the tiny one beside it, where there is one."""

    full: Any
    tiny: Any | None = None

    def chosen(self, wish: str, *, last: bool) -> Any:
        """Which one serves ``knobs.decoder``: for a picture that is only shown, or for the last, which goes on."""
        return self.tiny if self.tiny and (wish == "tiny" or (wish == "tiny-steps" and not last)) else self.full


def tiny_beside(folder: Path, pipe: Any, dtype: torch.dtype) -> Any | None:
    """The tiny autoencoder for a pipeline's latents; None where none lies beside it.

    In the pipeline's folder as ``vae_tiny``, or in the models folder under its maker's name. Raises ``ModelError`` for
    a damaged one.
    """
    name = next((tiny for family, tiny in TINY.items() if type(pipe).__name__.startswith(family)), None)
    places = [folder / "vae_tiny", *([folder.parent / name] if name else [])]
    place = next((place for place in places if (place / "config.json").is_file()), None)
    if place is None:
        return None
    import torch
    from diffusers import AutoencoderTiny

    try:
        tiny = AutoencoderTiny.from_pretrained(
            place, use_safetensors=True, local_files_only=True, low_cpu_mem_usage=False, dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise ModelError(f"{place}: no tiny decoder that loads ({error}). Add it again, or take it away.") from error
    return tiny.to(pipe.vae.device, dtype).requires_grad_(requires_grad=False)  # narrowed here: see diffusion


def clean_image(burnt: Burnt) -> Image:
    """What a latent restorer encodes: the source where the medium is noise, else what the medium left.

    An encoder cannot see through white noise, so the latents of the source are burnt to the same SNR instead.
    """
    return burnt.source if burnt.source is not None else burnt.image / max(burnt.signal, FAINTEST)


def require_sides(image: Image, factor: int) -> None:
    """Raises ``ModelError`` unless both sides are multiples of what a latent place spans."""
    height, width = image.shape[-2:]
    if height % factor or width % factor:
        raise ModelError(f"This model restores sides that are multiples of {factor} pixels, not {width} x {height}.")


def can_be_read(vae: Any) -> bool:
    """Whether the autoencoder says how its latents are scaled."""
    return "scaling_factor" in vae.config or "latents_std" in vae.config


def encode(vae: Any, image: Image) -> torch.Tensor:
    """B x 3 x H x W in -1 to 1 to latents of about unit variance, float32; the mode of the posterior, no dice."""
    import torch

    with torch.no_grad():
        encoded = vae.encode(image.to(vae.device, vae.dtype).clamp(-1.0, 1.0))
    latents: torch.Tensor = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
    return (latents.float() - _shift(vae)) * float(vae.config.scaling_factor)


def decode(vae: Any, latents: torch.Tensor) -> Image:
    """Latents back to B x 3 x H x W in -1 to 1, float32. An autoencoder of films is given films of one picture."""
    import torch

    with torch.no_grad():
        image = vae.decode(_as_taught(vae, latents).to(vae.dtype)).sample
    picture: Image = image.float().clamp(-1.0, 1.0)
    return picture[:, :, 0] if picture.ndim == FILM else picture


def _as_taught(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """Latents on the autoencoder's own scale, which is one number for all channels, or one for each (Qwen-Image)."""
    if "scaling_factor" in vae.config:
        return latents / float(vae.config.scaling_factor) + _shift(vae)
    mean, deviation = (
        latents.new_tensor(vae.config[name]).view(1, -1, 1, 1, 1) for name in ("latents_mean", "latents_std")
    )
    return latents * deviation + mean


def _shift(vae: Any) -> float:
    return float(vae.config.get("shift_factor") or 0.0)
