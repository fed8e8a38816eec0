"""Tiny ControlNets, IP-Adapters and models that see depth, with random weights: real in every part, only small."""

import contextlib
import os

import diffusers
import torch
import transformers
from safetensors.torch import save_file

from tests.restorers import tiny_pipeline
from tests.support import until

EMBEDDING, SIDE = 16, 32  # what the tiny image encoder says of a picture, and how large it looks at it


def dice():
    """Random weights that are the same in every run."""
    torch.manual_seed(7)


def control(folder, width=32):
    """A ControlNet for the tiny Stable Diffusion."""
    dice()
    network = diffusers.ControlNetModel(
        block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=width, norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), conditioning_embedding_out_channels=(8, 16, 16, 32),
    )  # fmt: skip
    return _awake(network, folder)


def control_xl(folder):
    """One for the tiny Stable Diffusion XL, which is told the sizes too."""
    told = {"addition_embed_type": "text_time", "addition_time_embed_dim": 8, "cross_attention_dim": 64}
    dice()
    network = diffusers.ControlNetModel.from_unet(
        tiny_pipeline.unet(projection_class_embeddings_input_dim=6 * 8 + 32, **told),
        conditioning_embedding_out_channels=(8, 16, 16, 32),
    )
    return _awake(network, folder)


def _awake(network, folder):
    """Before any training all that a ControlNet says is zero."""
    for weight in (*network.controlnet_down_blocks.parameters(), *network.controlnet_mid_block.parameters()):
        torch.nn.init.normal_(weight, std=0.1)
    torch.nn.init.normal_(network.controlnet_cond_embedding.conv_out.weight, std=10.0)
    network.save_pretrained(folder)
    return folder


def depth(folder):
    """A model that sees depth, of the architecture that DPT has, upon a vision transformer."""
    dice()
    settings = transformers.DPTConfig(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=16, image_size=32, patch_size=16,
        backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[8, 8, 16, 16], fusion_hidden_size=8,
        reassemble_factors=[4, 2, 1, 0.5], use_batch_norm_in_fusion_residual=False, is_hybrid=False,
    )  # fmt: skip
    network = transformers.DPTForDepthEstimation(settings)
    for weight in network.head.parameters():  # else everything is as far away as everything else
        torch.nn.init.uniform_(weight, 0.0, 1.0)
    network.save_pretrained(folder)
    processor = transformers.models.dpt.image_processing_pil_dpt.DPTImageProcessorPil(size={"height": 32, "width": 32})
    processor.save_pretrained(folder)
    return folder


def encoder(folder):
    """The image encoder of an IP-Adapter."""
    dice()
    settings = transformers.CLIPVisionConfig(
        hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4, image_size=SIDE,
        patch_size=8, projection_dim=EMBEDDING,
    )  # fmt: skip
    transformers.CLIPVisionModelWithProjection(settings).save_pretrained(folder)
    return folder


def likeness(folder, width=32, *, patches=False):
    """An IP-Adapter for the tiny Stable Diffusion (SDXL: ``width`` 64), that hears a picture whole or in patches."""
    dice()
    unet = tiny_pipeline.unet(cross_attention_dim=width)
    tensors, key = {}, 1
    for name in unet.attn_processors:
        if name.endswith("attn2.processor"):
            hidden = unet.get_submodule(name.removesuffix(".processor")).to_q.in_features
            for matrix in ("to_k_ip", "to_v_ip"):
                tensors[f"ip_adapter.{key}.{matrix}.weight"] = torch.randn(hidden, width) * 0.2
        key += 2 * name.endswith("attn2.processor")
    tensors |= _resampler(width) if patches else _projection(width)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "ip-adapter_tiny.safetensors")
    encoder(folder / "image_encoder")
    return folder


def _projection(width):
    return {
        "image_proj.proj.weight": torch.randn(4 * width, EMBEDDING) * 0.2,
        "image_proj.proj.bias": torch.zeros(4 * width),
        "image_proj.norm.weight": torch.ones(width),
        "image_proj.norm.bias": torch.zeros(width),
    }


def _resampler(width):
    """As IP-Adapter Plus has it: sixteen questions that are put to every patch."""
    tensors = {
        "latents": torch.randn(1, 16, 64) * 0.2,
        "proj_in.weight": torch.randn(64, 32) * 0.2,
        "proj_in.bias": torch.zeros(64),
        "proj_out.weight": torch.randn(width, 64) * 0.2,
        "proj_out.bias": torch.zeros(width),
        "norm_out.weight": torch.ones(width),
        "norm_out.bias": torch.zeros(width),
    }
    for layer in range(4):
        attention, forward = f"layers.{layer}.0.", f"layers.{layer}.1."
        tensors |= {f"{attention}norm{each}.{kind}": torch.ones(64) if kind == "weight" else torch.zeros(64)
                    for each in (1, 2) for kind in ("weight", "bias")}  # fmt: skip
        tensors |= {
            f"{attention}to_q.weight": torch.randn(64, 64) * 0.2,
            f"{attention}to_kv.weight": torch.randn(128, 64) * 0.2,
            f"{attention}to_out.weight": torch.randn(64, 64) * 0.2,
            f"{forward}0.weight": torch.ones(64),
            f"{forward}0.bias": torch.zeros(64),
            f"{forward}1.weight": torch.randn(256, 64) * 0.2,
            f"{forward}3.weight": torch.randn(64, 256) * 0.2,
        }
    return {f"image_proj.{name}": tensor for name, tensor in tensors.items()}


@contextlib.contextmanager
def held_up(part):
    """Whoever loads the network in this folder waits, until what is yielded is called: a list of shards is a pipe."""
    listed = part / "diffusion_pytorch_model.safetensors.index.json"
    os.mkfifo(listed)

    def let_go():
        pipe = until(lambda: _opened(listed), within=60.0)
        listed.unlink()
        with os.fdopen(pipe, "w") as told:
            told.write('{"weight_map": {}}')

    try:
        yield let_go
    finally:
        if listed.exists():
            let_go()


def _opened(pipe):
    """The writing end of a pipe; None while nobody reads it."""
    with contextlib.suppress(OSError):
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    return None
