"""The architectures of the families as their makers configured them, to be built without weights on the meta device.

Settings are those of the published folders (``config.json``); what is left out is the library's own default.
"""

from __future__ import annotations

import math
from typing import Any

import diffusers
import transformers

FOUR = ("DownEncoderBlock2D",) * 4, ("UpDecoderBlock2D",) * 4
#: What LCM's adapter hangs beside, and how many columns wide (Luo et al. 2023, arXiv:2311.05556).
ADAPTED = ("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2", "conv1", "conv2",
           "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv", "time_emb_proj")  # fmt: skip
RANK = 64


def parameters(key: str) -> int:
    """How many numbers are in all networks of a family, or in its adapter."""
    if key == "lcm-lora":
        return sum(RANK * _sides(module) for name, module in sd15_unet().named_modules() if name.endswith(ADAPTED))
    return sum(weight.numel() for part in ARCHITECTURES[key]() for weight in part.parameters())


def _sides(module: Any) -> int:
    """Rows and columns of a layer, its filter's taps among the columns."""
    rows, *columns = module.weight.shape
    return int(rows + math.prod(columns))


def sd15_unet(**more: Any) -> Any:
    return diffusers.UNet2DConditionModel(sample_size=64, cross_attention_dim=768, **more)


def sd21_unet() -> Any:
    heads = {"attention_head_dim": (5, 10, 20, 20), "use_linear_projection": True}
    return diffusers.UNet2DConditionModel(sample_size=64, cross_attention_dim=1024, **heads)


def sdxl_unet() -> Any:
    return diffusers.UNet2DConditionModel(
        sample_size=128, block_out_channels=(320, 640, 1280), cross_attention_dim=2048, use_linear_projection=True,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 10), attention_head_dim=(5, 10, 20), addition_embed_type="text_time",
        addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816,
    )  # fmt: skip


def vae(channels: int) -> Any:
    bare = {} if channels == 4 else {"use_quant_conv": False, "use_post_quant_conv": False}
    return diffusers.AutoencoderKL(
        block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=channels,
        down_block_types=FOUR[0], up_block_types=FOUR[1], **bare,
    )  # fmt: skip


def clip(width: int, layers: int, heads: int, *, projected: bool = False) -> Any:
    settings = transformers.CLIPTextConfig(
        hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers, num_attention_heads=heads,
        vocab_size=49408, projection_dim=width,
    )  # fmt: skip
    return (transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel)(settings)


def t5() -> Any:
    settings = transformers.T5Config(
        vocab_size=32128, d_model=4096, d_kv=64, d_ff=10240, num_layers=24, num_heads=64,
        feed_forward_proj="gated-gelu",
    )  # fmt: skip
    return transformers.T5EncoderModel(settings)


def sd35() -> Any:
    return diffusers.SD3Transformer2DModel(
        sample_size=128, num_layers=24, attention_head_dim=64, num_attention_heads=24, joint_attention_dim=4096,
        caption_projection_dim=1536, pooled_projection_dim=2048, out_channels=16, pos_embed_max_size=384,
        dual_attention_layers=tuple(range(13)), qk_norm="rms_norm",
    )  # fmt: skip


def sana() -> Any:
    return diffusers.SanaTransformer2DModel(
        num_layers=28, num_attention_heads=36, attention_head_dim=32, num_cross_attention_heads=16,
        cross_attention_head_dim=72, cross_attention_dim=1152, caption_channels=2304, guidance_embeds=True,
        qk_norm="rms_norm_across_heads", out_channels=32, in_channels=32,
    )  # fmt: skip


def deep_compression() -> Any:
    blocks, wide = ("ResBlock",) * 3 + ("EfficientViTBlock",) * 3, (128, 256, 512, 512, 1024, 1024)
    scales = ((), (), (), (5,), (5,), (5,))
    return diffusers.AutoencoderDC(
        latent_channels=32, encoder_block_types=blocks, decoder_block_types=blocks, encoder_block_out_channels=wide,
        decoder_block_out_channels=wide, encoder_layers_per_block=(2, 2, 2, 3, 3, 3), decoder_layers_per_block=(3,) * 6,
        encoder_qkv_multiscales=scales, decoder_qkv_multiscales=scales,
    )  # fmt: skip


def gemma() -> Any:
    settings = transformers.Gemma2Config(
        vocab_size=256000, hidden_size=2304, intermediate_size=9216, num_hidden_layers=26, num_attention_heads=8,
        num_key_value_heads=4, head_dim=256,
    )  # fmt: skip
    return transformers.Gemma2Model(settings)


def qwen3() -> Any:
    settings = transformers.Qwen3Config(
        vocab_size=151936, hidden_size=2560, intermediate_size=9728, num_hidden_layers=36, num_attention_heads=32,
        num_key_value_heads=8, head_dim=128,
    )  # fmt: skip
    return transformers.Qwen3Model(settings)


def qwen_vl() -> Any:
    text = {"vocab_size": 152064, "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
            "num_attention_heads": 28, "num_key_value_heads": 4}  # fmt: skip
    eye = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 3584}
    settings = transformers.Qwen2_5_VLConfig(text_config=text, vision_config=eye, tie_word_embeddings=False)
    return transformers.Qwen2_5_VLForConditionalGeneration(settings)


ARCHITECTURES: dict[str, Any] = {
    "sd15": lambda: (sd15_unet(), vae(4), clip(768, 12, 12)),
    "sd21": lambda: (sd21_unet(), vae(4), clip(1024, 23, 16)),
    "sdxl": lambda: (sdxl_unet(), vae(4), clip(768, 12, 12), clip(1280, 32, 20, projected=True)),
    "lcm": lambda: (sd15_unet(time_cond_proj_dim=256), vae(4), clip(768, 12, 12)),
    "lcm-lora": lambda: (),
    "sd35": lambda: (sd35(), vae(16), clip(768, 12, 12, projected=True), clip(1280, 32, 20, projected=True), t5()),
    "flux-schnell": lambda: (diffusers.FluxTransformer2DModel(), vae(16), clip(768, 12, 12), t5()),
    "sana-sprint": lambda: (sana(), deep_compression(), gemma()),
    "z-image-turbo": lambda: (diffusers.ZImageTransformer2DModel(), vae(16), qwen3()),
    "qwen-image": lambda: (diffusers.QwenImageTransformer2DModel(), diffusers.AutoencoderKLQwenImage(), qwen_vl()),
}
