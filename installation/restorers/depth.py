"""How near things are in a picture, as ControlNets are shown it: by a model of its own that transformers knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.images import to_pixels
from installation.restorers import trust, weighing
from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    import torch

    from installation.records import Image

SEER = "ForDepthEstimation"  # how transformers ends the names of such networks
#: Those that say how near things are. Others say how far, in metres, which is the other way round.
NEAR = frozenset({"DepthAnythingForDepthEstimation", "DPTForDepthEstimation"})
BESIDE = "depth"  # what its folder is called inside a ControlNet's
FLATTEST = 1e-6  # of what is seen: less has no near and far


@dataclass(frozen=True, slots=True, eq=False)
class Depth:
    """A network that sees depth, with what prepares pictures for it, and the SHA-256 of its weights."""

    network: Any
    processor: Any
    digest: str

    def __call__(self, image: Image) -> Image:
        """B x 3 x H x W in -1 to 1 to 0 (the farthest of each picture) to 1 (the nearest), the same in every colour."""
        import torch

        return torch.cat([self._seen(one) for one in torch.split(image, 1)])

    def _seen(self, image: Image) -> Image:
        import torch

        prepared = self.processor(images=[to_pixels(image)], return_tensors="pt").pixel_values
        with torch.no_grad():
            answer = self.network(prepared.to(self.network.device, self.network.dtype)).predicted_depth
        size = image.shape[-2:]
        near = torch.nn.functional.interpolate(answer.float().unsqueeze(1), size, mode="bicubic", align_corners=False)
        near = near - near.amin()
        return (near / near.amax().clamp(min=FLATTEST)).expand(1, 3, *size).to(image)


def beside(control: Path) -> Path:
    """The folder of a model that sees depth: in a ControlNet's folder as ``depth``, or any that lies beside that.

    Raises ``ModelError`` where there is none.
    """
    places = [control / BESIDE, *sorted(control.parent.glob("*/"))]
    if found := next(filter(_sees_nearness, places), None):
        return found
    raise ModelError(
        f"{control}: to be led by depth a model is needed that sees it. Put one that transformers loads, like "
        f"Depth-Anything-V2-Small-hf, into {control.parent}; or be led by edges, which need none."
    )


def _sees_nearness(folder: Path) -> bool:
    if not (folder / trust.CONFIG).is_file():
        return False
    told = trust.read(folder / trust.CONFIG)
    return trust.class_of(told) in NEAR and told.get("depth_estimation_type") != "metric"


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> Depth:
    """A model that sees depth from a local folder. Raises ``ModelError``."""
    import torch
    from transformers import AutoModelForDepthEstimation
    from transformers.models.dpt.image_processing_pil_dpt import DPTImageProcessorPil

    vouched = trust.vouch_part(folder, SEER)
    weighing.require_room(vouched.loaded, dtype, device, str(folder))
    try:
        network = AutoModelForDepthEstimation.from_pretrained(
            folder,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            dtype=torch.float32,  # narrowed below: see controlnet
        )
        processor = DPTImageProcessorPil.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError, ImportError, TypeError) as error:
        raise ModelError(f"{folder}: does not load ({error}). Download it again.") from error
    return Depth(network.to(device, dtype).requires_grad_(requires_grad=False), processor, vouched.digest)
