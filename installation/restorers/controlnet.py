"""ControlNets: a network beside a pipeline's own that holds the picture to the edges or depths of another picture.

Zhang et al. 2023, arXiv:2302.05543; by diffusers, from a local folder. For the Stable Diffusion family.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.conditioning import DEPTH
from installation.restorers import depth, trust, weighing
from installation.restorers.edges import edges
from installation.restorers.protocol import ModelError
from installation.restorers.quiet import quietly

if TYPE_CHECKING:
    import torch

    from installation.records import Image

CLASS = "ControlNetModel"
#: What a ControlNet and the network that it leads must have in common.
SHARED = ("in_channels", "block_out_channels", "layers_per_block", "down_block_types", "cross_attention_dim",
          "addition_embed_type")  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class ControlNet:
    """A ControlNet, what draws a picture for it (B x 3 x H x W in -1 to 1 to 0 to 1), and its SHA-256."""

    network: Any
    draw: Callable[[Image], Image]
    digest: str

    def hint(self, picture: Image) -> torch.Tensor:
        """What the network is shown of a picture, on its device and in its kind of numbers."""
        return self.draw(picture).to(self.network.device, self.network.dtype)

    def residuals(
        self,
        noisy: torch.Tensor,
        timestep: Any,
        words: torch.Tensor,
        added: Any,
        *,
        hint: torch.Tensor,
        strength: float,
    ) -> dict[str, Any]:
        """What the pipeline's network is to add to its own layers, as arguments of its call."""
        down, middle = self.network(
            noisy,
            timestep,
            encoder_hidden_states=words,
            controlnet_cond=hint.expand(len(noisy), -1, -1, -1),
            conditioning_scale=strength,
            added_cond_kwargs=added,
            return_dict=False,
        )
        return {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}


def load(folder: Path, of: str, unet: Any) -> ControlNet:
    """A ControlNet from a local folder for a pipeline's network, on its device and in its kind of numbers.

    ``of``: edge, drawn without a network, or depth, for which one must lie beside it. Raises ``ModelError`` for a
    folder that is incomplete, pickled, too big or of another family.
    """
    import torch
    from diffusers import ControlNetModel

    vouched = trust.vouch_part(folder, CLASS)
    require_fit(folder, trust.read(folder / trust.CONFIG), unet.config)
    weighing.require_room(vouched.loaded, unet.dtype, unet.device, str(folder))
    try:
        network = ControlNetModel.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, variant=vouched.variant, dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError, TypeError) as error:
        raise ModelError(f"{folder}: this ControlNet does not load ({error}). Download it again.") from error
    # narrowed here: while the library does, what plays would compute in half precision too (see diffusion)
    with quietly():
        ready = network.to(unet.device, unet.dtype).requires_grad_(requires_grad=False)
    if of != DEPTH:
        return ControlNet(ready, edges, vouched.digest)
    seer = depth.load(depth.beside(folder), unet.device, unet.dtype)
    return ControlNet(ready, seer, trust.together(vouched.digest, seer.digest))


def require_fit(folder: Path, told: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raises ``ModelError`` where a ControlNet's ``config.json`` says that it was made for another family."""
    for name in SHARED:
        if name in told and _plain(told[name]) != _plain(wanted[name]):
            raise ModelError(
                f"{folder}: this ControlNet is for another family of models ({name} {_plain(told[name])}, and here it "
                f"is {_plain(wanted[name])}). Name one made for the model that plays."
            )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value
