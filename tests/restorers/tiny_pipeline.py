"""Tiny pipelines with random weights, built offline in about a second: real in every part, only small.

The tokenizer knows the 256 bytes and nothing else; the networks have the blocks of their big sisters, once each.
"""

import json
import logging
import string
from typing import Any

import diffusers
import torch
import transformers

FACTOR = 8  # pixels per latent, as in all Stable Diffusion


def build(folder, family="sd", prediction="epsilon"):
    """Save a tiny Stable Diffusion, SDXL or LCM pipeline, as ``family`` says, into a folder."""
    torch.manual_seed(0)
    quietly(
        lambda: FAMILIES[family](folder / "tokenizer-source", ddim(prediction_type=prediction)).save_pretrained(folder)
    )
    return folder


def quietly(act):
    """Diffusers remarks that a tiny VAE is not the class it expected."""
    logger = logging.getLogger("diffusers.pipelines.pipeline_utils")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    act()
    logger.setLevel(before)


def ddim(**more):
    settings = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
    return diffusers.DDIMScheduler(**(settings | {"clip_sample": False} | more))


def lcm():
    return diffusers.LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)


def tokenizer(folder):
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(33, 33 + 256)]
    letters[: len(string.printable[:94])] = list(string.printable[:94])
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(dict.fromkeys(words))}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return transformers.CLIPTokenizer.from_pretrained(folder, model_max_length=77)


def text_settings():
    return transformers.CLIPTextConfig(
        hidden_size=32, intermediate_size=37, num_attention_heads=4, num_hidden_layers=2, vocab_size=514,
        bos_token_id=512, eos_token_id=513, pad_token_id=513, projection_dim=32,
    )  # fmt: skip


def unet(**more):
    settings = {
        "block_out_channels": (32, 64), "layers_per_block": 1, "sample_size": 8, "cross_attention_dim": 32,
        "norm_num_groups": 8, "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    }  # fmt: skip
    return diffusers.UNet2DConditionModel(**(settings | more))


def tiny_vae():
    return diffusers.AutoencoderTiny(
        encoder_block_out_channels=(16,) * 4, decoder_block_out_channels=(16,) * 4,
        num_encoder_blocks=(1,) * 4, num_decoder_blocks=(1,) * 4,
    )  # fmt: skip


def full_vae(**more):
    return diffusers.AutoencoderKL(
        block_out_channels=(8,) * 4, norm_num_groups=4, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, **more,
    )  # fmt: skip


def stable_diffusion(folder, scheduler, **more):
    return diffusers.StableDiffusionImg2ImgPipeline(
        vae=tiny_vae(), text_encoder=transformers.CLIPTextModel(text_settings()), tokenizer=tokenizer(folder),
        unet=unet(**more), scheduler=scheduler, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip


def latent_consistency(folder, _):
    return stable_diffusion(folder, lcm(), time_cond_proj_dim=32)


def stable_diffusion_xl(folder, scheduler):
    told = unet(
        addition_embed_type="text_time", addition_time_embed_dim=8, projection_class_embeddings_input_dim=6 * 8 + 32,
        cross_attention_dim=64,
    )  # fmt: skip
    words = tokenizer(folder)
    return diffusers.StableDiffusionXLImg2ImgPipeline(
        vae=full_vae(), text_encoder=transformers.CLIPTextModel(text_settings()),
        text_encoder_2=transformers.CLIPTextModelWithProjection(text_settings()), tokenizer=words, tokenizer_2=words,
        unet=told, scheduler=scheduler, image_encoder=None, feature_extractor=None,
    )  # fmt: skip


def flux(folder, _):
    words = tokenizer(folder)
    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=[4, 4, 8],
    )  # fmt: skip
    sentences = transformers.T5Config(vocab_size=514, d_model=32, d_kv=8, d_ff=37, num_layers=1, num_heads=4)
    return diffusers.FluxPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=full_vae(shift_factor=0.1, scaling_factor=0.5, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=transformers.CLIPTextModel(text_settings()), tokenizer=words,
        text_encoder_2=transformers.T5EncoderModel(sentences), tokenizer_2=words, transformer=transformer,
    )  # fmt: skip


FAMILIES: dict[str, Any] = {
    "sd": stable_diffusion,
    "lcm": latent_consistency,
    "sdxl": stable_diffusion_xl,
    "flux": flux,
}
