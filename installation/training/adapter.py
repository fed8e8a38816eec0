"""An adapter that learns: the fine-tuning of a Stable Diffusion folder for one generation of a collapse.

LoRA on the attention of the UNet; the loss is the pipeline's own, the error of its guess at noisy latents.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from installation.randomness import white
from installation.restorers import lora
from installation.restorers.latents import encode
from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Image
    from installation.restorers.diffusion import Diffusion

TARGETS = ("to_q", "to_k", "to_v", "to_out.0")  # of every attention (the diffusers examples)
OURS = ".lora_"  # in the names of the weights that peft hangs beside the network's own
RANK, RATE = 8, 1e-4
LONGEST = 1.0  # of the gradient's norm


class Adapter:
    """Owns the adapter that a pipeline wears while it learns; the pipeline's own weights stay as they are."""

    def __init__(
        self, model: Diffusion, rng: Generator, rate: float = RATE, rank: int = RANK, worn: Path | None = None
    ) -> None:
        """A fresh adapter changes nothing yet. ``rate``: of AdamW. Raises ``ModelError`` for a model without a UNet.

        ``worn``: the folder of an adapter to go on with; of one that is bare, or of none, a fresh one begins.
        """
        import torch

        if not hasattr(model.pipe, "unet"):
            raise ModelError(f"{type(model.pipe).__name__} cannot be adapted. Use Stable Diffusion.")
        self._model, self._unet = model, model.pipe.unet
        self._unet.requires_grad_(requires_grad=False)
        if worn and lora.base_of(worn) and not lora.is_bare(worn):
            lora.put_on(self._unet, worn)
        else:
            _put_on_fresh(self._unet, rng, rank)
        self._taught = [weight for name, weight in self._unet.named_parameters() if OURS in name]
        for weight in self._taught:
            weight.requires_grad_()
            weight.data = weight.data.float()  # a step of 1e-4 would be rounded away in half precision
        self._optimiser = torch.optim.AdamW(self._taught, lr=rate, weight_decay=0.0)

    def learn(self, pictures: Image, rng: Generator) -> float:
        """One step on pictures, B x 3 x H x W in -1 to 1, under the model's prompt; returns the loss before it."""
        import torch

        loss = self.loss(pictures, rng)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(self._taught, LONGEST)
        self._optimiser.step()
        return float(loss.detach())

    def loss(self, pictures: Image, rng: Generator) -> torch.Tensor:
        """Mean squared error of the guess at one noise level per picture, drawn evenly from the schedule."""
        import torch

        clean = encode(self._model.pipe.vae, pictures)
        scheduler = self._model.pipe.scheduler
        times = torch.from_numpy(rng.integers(len(scheduler.alphas_cumprod), size=len(clean))).to(clean.device)
        kept = scheduler.alphas_cumprod.to(clean)[times].view(-1, 1, 1, 1)
        noise = white(rng, clean)
        noisy = kept.sqrt() * clean + (1.0 - kept).sqrt() * noise
        with torch.autocast(clean.device.type, enabled=self._unet.dtype != torch.float32):
            answer = self._model.answer(noisy.to(self._unet.dtype), times, pictures.shape)
        wanted = _target(scheduler.config.prediction_type, clean, noise, kept)
        return torch.nn.functional.mse_loss(answer.float(), wanted)

    def save(self, folder: Path, base: Path) -> None:
        """Write the adapter of a model's folder ``base``: it plays like a model's folder itself."""
        lora.save(self._unet, folder, base)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Take it off."""
        lora.take_off(self._unet)


def _put_on_fresh(unet: Any, rng: Generator, rank: int) -> None:
    import torch
    from peft import LoraConfig

    lora.take_off(unet)
    with torch.random.fork_rng(devices=[]):  # peft draws its first matrices from torch's own dice
        torch.manual_seed(int(rng.integers(2**63)))
        unet.add_adapter(
            LoraConfig(r=rank, lora_alpha=rank, target_modules=list(TARGETS), init_lora_weights="gaussian")
        )


def _target(prediction: str, clean: torch.Tensor, noise: torch.Tensor, kept: torch.Tensor) -> Any:
    """What the network is to answer: eps, v = cos eps - sin x0, or x0 (as in ``diffusion.to_denoised``)."""
    return {"epsilon": noise, "v_prediction": kept.sqrt() * noise - (1.0 - kept).sqrt() * clean, "sample": clean}[
        prediction
    ]
