"""Stack: the networks of a latent diffusion model and a vision tower, from local folders in the Hugging Face layout."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from mridiff.errors import ConfigError, DataError, Mistake, boundary


class Stack(nn.Module):
    """Autoencoder, conditional UNet, text encoder with its tokenizer, schedule, and a CLIP vision tower.

    Pictures are RGB in [0, 1], (sample, channel, y, x); latents u = s Enc(2 x - 1) with the autoencoder's scaling factor s; texts
    (sample, token, channel). `normalisation` is the vision tower's own: "image_mean" and "image_std" per channel.
    """

    def __init__(self, vae: Any, unet: Any, text_encoder: Any, image_encoder: Any, tokenizer: Any, scheduler: Any,
                 normalisation: dict[str, Any]) -> None:  # fmt: skip
        super().__init__()
        self.vae, self.unet, self.text_encoder, self.image_encoder = vae, unet, text_encoder, image_encoder
        self.tokenizer, self.scheduler, self.normalisation = tokenizer, scheduler, normalisation

    @classmethod
    def load(cls, folder: Path, vision: Path | None = None) -> Self:
        """The stack in `folder` (vae, unet, text_encoder, tokenizer, scheduler), in float32; nothing is downloaded, no pickle is read.

        The vision tower lies in `vision`, a folder of its own, or in the subfolder image_encoder. Raises DataError that names what is
        missing, ConfigError without the two libraries.
        """
        try:
            from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
            from transformers import AutoTokenizer, CLIPTextModel, CLIPTextModelWithProjection, CLIPVisionModelWithProjection
        except ImportError as error:
            hint = "pip install 'mridiff-priors[latent]'"
            raise ConfigError([Mistake("", f"{error.name} is not installed")], hint=hint) from error
        tower = folder / "image_encoder" if vision is None else vision
        places = [*(folder / n / "config.json" for n in ("vae", "unet", "text_encoder")), folder / "tokenizer" / "tokenizer_config.json",
                  folder / "scheduler" / "scheduler_config.json", tower / "config.json", tower / "preprocessor_config.json"]  # fmt: skip
        if missing := [str(p) for p in places if not p.is_file()]:
            raise DataError(f"{folder} lacks {', '.join(missing)}", hint="give a local folder in the layout that save_pretrained writes")
        projected = "CLIPTextModelWithProjection" in json.loads(places[2].read_text()).get("architectures", ())
        text = CLIPTextModelWithProjection if projected else CLIPTextModel
        safe: dict[str, Any] = {"local_files_only": True, "use_safetensors": True}
        diffuser = {"torch_dtype": torch.float32, "low_cpu_mem_usage": False, **safe}
        try:
            with silent():
                networks = [
                    AutoencoderKL.from_pretrained(folder / "vae", **diffuser),
                    UNet2DConditionModel.from_pretrained(folder / "unet", **diffuser),
                    text.from_pretrained(folder / "text_encoder", dtype=torch.float32, **safe),
                    CLIPVisionModelWithProjection.from_pretrained(tower, dtype=torch.float32, **safe),
                ]  # fmt: skip
        except OSError as error:
            raise DataError(f"{folder}: {str(error).splitlines()[0]}", hint="only .safetensors weights are read") from error
        with silent(), boundary(f"{folder}: tokenizer, scheduler or preprocessor cannot be read", "Copy the folder again."):
            tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
            scheduler = DDIMScheduler.from_pretrained(folder / "scheduler", local_files_only=True)
            content = json.loads((tower / "preprocessor_config.json").read_text())
            normalisation = {k: content[k] for k in ("image_mean", "image_std")}
        return cls(*networks, tokenizer, scheduler, normalisation)  # type: ignore[call-arg]

    @property
    def size(self) -> int:
        """Pixels of a side of the pictures that the UNet was trained on."""
        factor: int = 2 ** (len(self.vae.config.block_out_channels) - 1)
        return int(self.unet.config.sample_size) * factor

    @property
    def layers(self) -> int:
        """How many layers the vision tower has."""
        return int(self.image_encoder.config.num_hidden_layers)

    def encode(self, x: Tensor) -> Tensor:
        """The latents of pictures: the mean of the autoencoder's posterior, scaled."""
        u: Tensor = self.vae.encode(2 * x - 1).latent_dist.mode() * self.vae.config.scaling_factor
        return u

    def decode(self, u: Tensor) -> Tensor:
        """The pictures of latents, within [0, 1]."""
        x: Tensor = self.vae.decode(u / self.vae.config.scaling_factor).sample
        return ((x + 1) / 2).clamp(0, 1)

    def tokens(self, texts: Sequence[str]) -> Tensor:
        """Token numbers, (sample, token), padded to the full length."""
        found: Tensor = self.tokenizer(list(texts), padding="max_length", truncation=True, return_tensors="pt").input_ids
        return found

    def text(self, tokens: Tensor) -> Tensor:
        """What the UNet reads of a text: the encoder's last layer, (sample, token, channel)."""
        states: Tensor = self.text_encoder(tokens).last_hidden_state
        return states

    def noise(self, u: Tensor, timestep: Tensor, text: Tensor) -> Tensor:
        """The noise that the UNet finds in u (sample, channel, y, x), for a timestep per sample and a text for each or for all."""
        eps: Tensor = self.unet(u, timestep, text.expand(len(u), -1, -1)).sample
        return eps

    def seen(self, x: Tensor) -> Tensor:
        """Pictures as the vision tower takes them: resized to its own size, normalised by its own constants."""
        side = int(self.image_encoder.config.image_size)
        if x.shape[-1] != side:
            x = nn.functional.interpolate(x, (side, side), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
        mean, std = (x.new_tensor(self.normalisation[k])[:, None, None] for k in ("image_mean", "image_std"))
        return (x - mean) / std

    def look(self, x: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
        """What the vision tower sees in pictures: the states after each of its layers, (sample, token, channel), and the embedding."""
        out = self.image_encoder(self.seen(x), output_hidden_states=True)
        return tuple(out.hidden_states[1:]), out.image_embeds


@contextmanager
def silent() -> Iterator[None]:
    """Inside, transformers shows no bars and does not list what it leaves unread; afterwards all is as it was."""
    from transformers.utils import logging

    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
