"""Tiny: the same classes as the large public models, small enough to train on a processor in minutes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mridiff_sdk.stimuli import LENGTH, WORDS

from .stack import Stack, silent

SIZE = 32
"""Pixels of a side."""
FEATURES = 64
"""Numbers per token, in words and in pictures."""
SPECIAL = ("<pad>", "<start>", "<end>")


def build() -> Stack:
    """A stack with fresh weights: autoencoder, text encoder and vision tower with their projections, UNet."""
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPVisionConfig, CLIPVisionModelWithProjection

    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3, block_out_channels=(16, 32, 64),
        layers_per_block=1, latent_channels=4, norm_num_groups=8, sample_size=SIZE,
    )  # fmt: skip
    unet = UNet2DConditionModel(
        sample_size=SIZE // 4, down_block_types=("CrossAttnDownBlock2D",) * 2, up_block_types=("CrossAttnUpBlock2D",) * 2,
        block_out_channels=(48, 96), layers_per_block=1, cross_attention_dim=FEATURES, attention_head_dim=4, norm_num_groups=8,
    )  # fmt: skip
    common: dict[str, Any] = {"hidden_size": FEATURES, "intermediate_size": 2 * FEATURES, "num_attention_heads": 4, "projection_dim": 32}
    text = CLIPTextModelWithProjection(CLIPTextConfig(
        vocab_size=len(SPECIAL) + len(WORDS), num_hidden_layers=2, max_position_embeddings=LENGTH, pad_token_id=0, bos_token_id=1,
        eos_token_id=2, **common))  # fmt: skip
    vision = CLIPVisionModelWithProjection(CLIPVisionConfig(num_hidden_layers=4, image_size=SIZE, patch_size=8, **common))
    scheduler = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False)
    return Stack(vae, unet, text, vision, tokenizer(), scheduler, normalisation={"image_mean": [0.5] * 3, "image_std": [0.25] * 3})


def tokenizer() -> Any:
    """One token per word of `mridiff_sdk.stimuli`."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({w: i for i, w in enumerate((*SPECIAL, *WORDS))}, unk_token=SPECIAL[0]))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.post_processor = processors.TemplateProcessing(single="<start> $A <end>", special_tokens=[("<start>", 1), ("<end>", 2)])
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", bos_token="<start>", eos_token="<end>",  # noqa: S106
                                   model_max_length=LENGTH)  # fmt: skip


def save(stack: Stack, folder: Path) -> None:
    """Write a stack as `save_pretrained` does, module by module, into the layout that `Stack.load` reads."""
    with silent():
        for name in ("vae", "unet", "text_encoder", "image_encoder"):
            getattr(stack, name).save_pretrained(folder / name)
    stack.tokenizer.save_pretrained(folder / "tokenizer")
    stack.scheduler.save_pretrained(folder / "scheduler")
    (folder / "image_encoder" / "preprocessor_config.json").write_text(json.dumps(stack.normalisation))
