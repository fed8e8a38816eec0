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


def tiny_vae(**more):
    return diffusers.AutoencoderTiny(
        **more, encoder_block_out_channels=(16,) * 4, decoder_block_out_channels=(16,) * 4,
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


def stable_diffusion_3(folder, _):
    words = tokenizer(folder)
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=8, patch_size=2, in_channels=4, out_channels=4, num_layers=2, attention_head_dim=8,
        num_attention_heads=4, joint_attention_dim=64, caption_projection_dim=32, pooled_projection_dim=64,
        pos_embed_max_size=16, dual_attention_layers=(0,), qk_norm="rms_norm",
    )  # fmt: skip
    sentences = transformers.T5Config(vocab_size=514, d_model=64, d_kv=8, d_ff=37, num_layers=1, num_heads=4)
    return diffusers.StableDiffusion3Pipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0), transformer=transformer,
        vae=full_vae(shift_factor=0.1, scaling_factor=0.5, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=transformers.CLIPTextModelWithProjection(text_settings()), tokenizer=words,
        text_encoder_2=transformers.CLIPTextModelWithProjection(text_settings()), tokenizer_2=words,
        text_encoder_3=transformers.T5EncoderModel(sentences), tokenizer_3=words,
    )  # fmt: skip


def sana_sprint(folder, _):
    blocks, wide, scales = ("ResBlock",) * 3 + ("EfficientViTBlock",), (8,) * 4, ((), (), (), (5,))
    compression = diffusers.AutoencoderDC(
        latent_channels=4, attention_head_dim=2, encoder_block_types=blocks, decoder_block_types=blocks,
        encoder_block_out_channels=wide, decoder_block_out_channels=wide, encoder_layers_per_block=(1,) * 4,
        decoder_layers_per_block=(1,) * 4, encoder_qkv_multiscales=scales, decoder_qkv_multiscales=scales,
        scaling_factor=0.41407,
    )  # fmt: skip
    transformer = diffusers.SanaTransformer2DModel(
        patch_size=1, in_channels=4, out_channels=4, num_layers=1, num_attention_heads=2, attention_head_dim=8,
        num_cross_attention_heads=2, cross_attention_head_dim=8, cross_attention_dim=16, caption_channels=8,
        sample_size=32, qk_norm="rms_norm_across_heads", guidance_embeds=True,
    )  # fmt: skip
    gemma = transformers.Gemma2Config(
        vocab_size=514, hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, head_dim=8, pad_token_id=513,
    )  # fmt: skip
    return diffusers.SanaSprintPipeline(
        tokenizer=qwen_tokenizer(folder), text_encoder=transformers.Gemma2Model(gemma), vae=compression,
        transformer=transformer, scheduler=diffusers.SCMScheduler(prediction_type="trigflow", sigma_data=0.5),
    )  # fmt: skip


def qwen_tokenizer(folder):
    """The same 256 bytes for families that have each sentence told as a talk."""
    tokenizer(folder)
    words = transformers.Qwen2Tokenizer(vocab=json.loads((folder / "vocab.json").read_text()), merges=[])
    words.chat_template = "{% for message in messages %}user: {{ message.content }}\n{% endfor %}assistant:"
    return words


def z_image(folder, _):
    transformer = diffusers.ZImageTransformer2DModel(
        in_channels=4, dim=32, n_layers=1, n_refiner_layers=1, n_heads=2, n_kv_heads=2, cap_feat_dim=16,
        axes_dims=[8, 4, 4], axes_lens=[640, 32, 32],
    )  # fmt: skip
    speaker = transformers.Qwen3Config(
        vocab_size=514, hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, head_dim=8,
    )  # fmt: skip
    return diffusers.ZImagePipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0), transformer=transformer,
        vae=full_vae(shift_factor=0.1, scaling_factor=0.5, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=transformers.Qwen3Model(speaker), tokenizer=qwen_tokenizer(folder),
    )  # fmt: skip


ENDS = {"bos_token_id": 512, "eos_token_id": 513}


def qwen_image(folder, _):
    transformer = diffusers.QwenImageTransformer2DModel(
        in_channels=16, out_channels=4, num_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=16, axes_dims_rope=(8, 4, 4),
    )  # fmt: skip
    films = diffusers.AutoencoderKLQwenImage(
        base_dim=8, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True],
        latents_mean=[0.1, -0.1, 0.2, 0.0], latents_std=[1.5, 2.0, 1.0, 0.5],
    )  # fmt: skip
    text = {"vocab_size": 514, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
            "num_attention_heads": 2, "num_key_value_heads": 2,
            "rope_scaling": {"type": "default", "rope_type": "default", "mrope_section": [1, 1, 2]}}  # fmt: skip
    eye = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16}
    seeing = transformers.Qwen2_5_VLConfig(text_config=text | ENDS, vision_config=eye)
    dynamic = {"use_dynamic_shifting": True, "base_shift": 0.5, "max_shift": 0.9, "max_image_seq_len": 8192}
    return diffusers.QwenImagePipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift_terminal=0.02, **dynamic), vae=films,
        text_encoder=transformers.Qwen2_5_VLForConditionalGeneration(seeing), tokenizer=qwen_tokenizer(folder),
        transformer=transformer,
    )  # fmt: skip


def turbo(folder, _):
    """As SD-Turbo's folder has it: Stable Diffusion 2's words, and Euler's schedule, trailing."""
    euler = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
    trailing = diffusers.EulerDiscreteScheduler(timestep_spacing="trailing", **euler)
    return stable_diffusion(folder, trailing, use_linear_projection=True)


def foreign_adapter(folder, base):
    """An adapter as other programs write them: kohya's names, and an alpha beside each pair of matrices."""
    from safetensors.torch import save_file

    network = diffusers.UNet2DConditionModel.from_pretrained(base, subfolder="unet")
    dice, matrices = torch.Generator().manual_seed(1), {}
    for name, module in network.named_modules():
        if name.endswith("to_q"):
            key, (rows, columns) = f"lora_unet_{name.replace('.', '_')}", module.weight.shape
            matrices[f"{key}.lora_down.weight"] = torch.randn(2, columns, generator=dice)
            matrices[f"{key}.lora_up.weight"] = torch.randn(rows, 2, generator=dice)
            matrices[f"{key}.alpha"] = torch.tensor(2.0)
    folder.mkdir()
    save_file(matrices, folder / "pytorch_lora_weights.safetensors")
    return folder


FAMILIES: dict[str, Any] = {
    "sd": stable_diffusion,
    "turbo": turbo,
    "lcm": latent_consistency,
    "sdxl": stable_diffusion_xl,
    "flux": flux,
    "sd35": stable_diffusion_3,
    "sana": sana_sprint,
    "z-image": z_image,
    "qwen": qwen_image,
}
