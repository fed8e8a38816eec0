"""Stand-ins: the true architectures of fast models with random weights. They paint nothing, at exactly the speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from installation.knobs import nearest
from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    import torch

    from installation.restorers.diffusion import Diffusion
    from installation.restorers.embeddings import Condition

WORDS = 77  # places for words in CLIP's sentences
DIGEST = "0" * 64  # of nothing that was trained
DOWN, UP = ("DownEncoderBlock2D",) * 4, ("UpDecoderBlock2D",) * 4


def stand_in(key: str, device: torch.device, dtype: torch.dtype) -> Diffusion:
    """A family's networks (one of ``STAND_INS``) with weights drawn from seed 0, ready; no text encoder is in it.

    The UNet and both autoencoders are as their makers configured them. Raises ``ModelError`` for another family.
    """
    import torch

    from installation.restorers.diffusion import Diffusion

    if key not in STAND_INS:
        raise ModelError(f"No stand-in for {key!r}; there are {', '.join(STAND_INS)}.{nearest(key, STAND_INS)}")
    torch.manual_seed(0)
    with torch.device(device):
        pipe, tiny, heard = STAND_INS[key]()
    for network in (pipe.unet, pipe.vae, tiny):
        # as any module: diffusers' own way remarks that layers of some trained models had rather stay in float32
        torch.nn.Module.to(network, dtype=dtype)
        network.to(memory_format=torch.channels_last).eval().requires_grad_(requires_grad=False)
    pipe.set_progress_bar_config(disable=True)
    return Diffusion(pipe, DIGEST, tiny, embed=lambda _: _to(heard, device, dtype))


def _sd_turbo() -> tuple[Any, Any, Condition]:
    import diffusers

    unet = diffusers.UNet2DConditionModel(
        sample_size=64, cross_attention_dim=1024, attention_head_dim=(5, 10, 20, 20), use_linear_projection=True
    )
    pipe = diffusers.StableDiffusionImg2ImgPipeline(
        vae=_full(0.18215),
        text_encoder=None,
        tokenizer=None,
        unet=unet,
        scheduler=_trailing(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return pipe, diffusers.AutoencoderTiny(), _words(1024)


def _sdxl_turbo() -> tuple[Any, Any, Condition]:
    import diffusers

    unet = diffusers.UNet2DConditionModel(
        sample_size=64,
        block_out_channels=(320, 640, 1280),
        cross_attention_dim=2048,
        use_linear_projection=True,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=(5, 10, 20),
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    )
    nobody = dict.fromkeys(("text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2"))
    pipe = diffusers.StableDiffusionXLImg2ImgPipeline(
        vae=_full(0.13025), unet=unet, scheduler=_trailing(), add_watermarker=False, **nobody
    )
    return pipe, diffusers.AutoencoderTiny(), _words(2048, pooled=1280)


STAND_INS: Mapping[str, Callable[[], tuple[Any, Any, Any]]] = {"sd-turbo": _sd_turbo, "sdxl-turbo": _sdxl_turbo}


def _full(scale: float) -> Any:
    import diffusers

    return diffusers.AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        layers_per_block=2,
        latent_channels=4,
        down_block_types=DOWN,
        up_block_types=UP,
        scaling_factor=scale,
    )


def _trailing() -> Any:
    import diffusers
    import torch

    with torch.device("cpu"):  # its numbers are read, also where the networks are only counted
        return diffusers.EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
            steps_offset=1, timestep_spacing="trailing",
        )  # fmt: skip


def _words(width: int, pooled: int = 0) -> Condition:
    """Any words: as loud as a text encoder's, and as many."""
    import torch

    from installation.restorers.embeddings import Condition

    return Condition(torch.randn(1, WORDS, width), torch.randn(1, pooled) if pooled else None)


def _to(heard: Condition, device: torch.device, dtype: torch.dtype) -> Condition:
    from installation.restorers.embeddings import Condition

    pooled = None if heard.pooled is None else heard.pooled.to(device, dtype)
    return Condition(heard.embeddings.to(device, dtype), pooled)
