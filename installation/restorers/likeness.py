"""IP-Adapters: a picture as a prompt, heard by a few matrices beside every layer of a pipeline that hears words.

Ye et al. 2023, arXiv:2308.06721; by diffusers, from a local folder with its image encoder. Put on and taken off without
a trace.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.images import to_pixels
from installation.restorers import trust, weighing
from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from installation.records import Image

ENCODER, CLASS = "image_encoder", "CLIPVisionModelWithProjection"
WHOLE = "proj.weight"  # of an adapter that hears one embedding of a picture
PATCHES = ("latents", "proj.3.weight")  # of one that hears every patch; what has none of these hears no pictures
PROJECTION, MATRICES = "image_proj.", "ip_adapter."  # how the names in an adapter's file begin
KEY = "to_k_ip.weight"


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a picture says, and what no picture at all says: B x 1 x ... each."""

    something: torch.Tensor
    nothing: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """An IP-Adapter made ready for one network: its layers, what projects a picture for them, and its image encoder.

    ``whole``: it hears one embedding of a picture; else every patch. ``digest`` is the SHA-256 of it and its encoder.
    """

    layers: Mapping[str, Any]
    projection: Any
    encoder: Any
    processor: Any
    whole: bool
    digest: str

    def put_on(self, unet: Any) -> None:
        """Have a network hear pictures; it must be told one from now on. Pointers are exchanged, nothing is copied."""
        unet.set_attn_processor(dict(self.layers))
        unet.encoder_hid_proj = self.projection
        unet.register_to_config(encoder_hid_dim_type="ip_image_proj")

    def weigh(self, scale: float) -> None:
        """How loud the picture is beside the words; 1 is as loud."""
        for layer in self.layers.values():
            if hasattr(layer, "to_k_ip"):
                layer.scale = [scale]

    def see(self, picture: Image) -> Seen:
        """B x 3 x H x W in -1 to 1, as the image encoder sees it."""
        import torch
        from PIL import Image as Pillow

        pictures = [Pillow.fromarray(to_pixels(one)) for one in torch.split(picture, 1)]
        prepared = self.processor(images=pictures, return_tensors="pt").pixel_values
        pixels = prepared.to(self.encoder.device, self.encoder.dtype)
        with torch.no_grad():
            if self.whole:
                embedding = self.encoder(pixels).image_embeds.unsqueeze(1)
                return Seen(embedding, torch.zeros_like(embedding))
            patches, none = (
                self.encoder(each, output_hidden_states=True).hidden_states[-2].unsqueeze(1)
                for each in (pixels, torch.zeros_like(pixels))
            )
            return Seen(patches, none)


def take_off(unet: Any, bare: Mapping[str, Any]) -> None:
    """The network as it was, with the ``bare`` layers that it had: its ``attn_processors`` before."""
    unet.encoder_hid_proj = None  # first: one that hears patches has layers of its own, which count
    unet.set_attn_processor(dict(bare))
    unet.register_to_config(encoder_hid_dim_type=None)


def load(folder: Path, unet: Any) -> Adapter:
    """An IP-Adapter from a local folder for a pipeline's network, on its device and in its kind of numbers.

    The folder holds one safetensors file; its image encoder lies in it or beside it, as ``image_encoder``. Raises
    ``ModelError`` for one that is incomplete, pickled, too big, for faces, or of another family.
    """
    file = weights_of(folder)
    require_fit(file, unet.config.cross_attention_dim)
    encoder = encoder_of(folder)
    vouched = trust.vouch_part(encoder, CLASS)
    weighing.require_room([file, *vouched.loaded], unet.dtype, unet.device, str(folder))
    try:
        return _load(file, encoder, unet, trust.together(trust.digest(folder, [file]), vouched.digest))
    except (OSError, ValueError, KeyError, IndexError, RuntimeError, AttributeError, TypeError) as error:
        why = str(error).partition("\n")[0]
        raise ModelError(f"{folder}: this IP-Adapter does not fit ({why}). Name one made for this model.") from error


def _load(file: Path, encoder: Path, unet: Any, digest: str) -> Adapter:
    import torch
    from diffusers.models.embeddings import MultiIPAdapterImageProjection
    from safetensors.torch import load_file
    from transformers import CLIPVisionModelWithProjection
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tensors = load_file(file)
    told = {"image_proj": _under(PROJECTION, tensors), "ip_adapter": _under(MATRICES, tensors)}
    layers, projected = _converted(told, unet.config)
    projection = MultiIPAdapterImageProjection([projected])
    seer = CLIPVisionModelWithProjection.from_pretrained(
        encoder,
        use_safetensors=True,
        local_files_only=True,
        dtype=torch.float32,  # narrowed below: see controlnet
    )
    for network in (*(layer for layer in layers.values() if hasattr(layer, "to_k_ip")), projection, seer):
        network.to(unet.device, unet.dtype).requires_grad_(requires_grad=False)
    side = seer.config.image_size
    processor = CLIPImageProcessorPil(size=side, crop_size=side)
    return Adapter(layers, projection, seer, processor, WHOLE in told["image_proj"], digest)


def _converted(told: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """The layers and the projection of an adapter, by diffusers' own readers.

    Its public door would put the adapter on while the network plays; so they read it for another without any weights.
    """
    import torch
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        twin: Any = UNet2DConditionModel.from_config({**config, "encoder_hid_dim_type": None})
    layers = twin._convert_ip_adapter_attn_to_diffusers([told], low_cpu_mem_usage=False)  # noqa: SLF001
    return layers, twin._convert_ip_adapter_image_proj_to_diffusers(told["image_proj"], low_cpu_mem_usage=False)  # noqa: SLF001


def weights_of(folder: Path) -> Path:
    """The one file of an adapter's folder. Raises ``ModelError``."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder. Name one with an IP-Adapter in it.")
    files = trust.weights_of(folder)
    if len(files) == 1:
        return files[0]
    if files:
        raise ModelError(f"{folder}: holds {len(files)} adapters. Give each a folder of its own.")
    if pickled := trust.pickles_of(folder):
        raise ModelError(
            f"{folder}: holds only pickled weights ({pickled[0].name}), which can run code and are never loaded. "
            "Download the safetensors."
        )
    raise ModelError(f"{folder}: no .safetensors, so this is no IP-Adapter. {trust.ADVICE}")


def encoder_of(folder: Path) -> Path:
    """The folder of an adapter's image encoder: in it, or beside it. Raises ``ModelError`` where there is none."""
    places = (folder / ENCODER, folder.parent / ENCODER)
    if found := next((place for place in places if (place / trust.CONFIG).is_file()), None):
        return found
    raise ModelError(
        f"{folder}: its image encoder is missing. Put the folder {ENCODER} that its page names into it, "
        f"with {trust.CONFIG} and safetensors."
    )


def width_of(file: Path) -> int:
    """How wide the words are of the models that an adapter is for. Raises ``ModelError`` for what hears no pictures."""
    shapes = weighing.shapes(file)
    keys = [shape for name, shape in shapes.items() if name.startswith(MATRICES) and name.endswith(KEY)]
    if not keys:
        raise ModelError(f"{file}: no IP-Adapter; nothing in it is called {MATRICES}….{KEY}. Name another folder.")
    if not any(f"{PROJECTION}{name}" in shapes for name in (WHOLE, *PATCHES)):
        raise ModelError(f"{file}: hears faces by another program's eye. Name an IP-Adapter that hears pictures.")
    return keys[0][-1]


def require_fit(file: Path, width: int) -> None:
    """Raises ``ModelError`` for an adapter of another family, by the ``width`` of the words that the model hears."""
    if (own := width_of(file)) != width:
        raise ModelError(
            f"{file}: this IP-Adapter is for another family of models (its words are {own} wide, and here they are "
            f"{width}). Name one made for the model that plays."
        )


def _under(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
