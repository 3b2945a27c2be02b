"""The latent prior: pictures as what an autoencoder and a UNet know of them, with or without a text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Codec, Field, Prior, Problem, Scaling, Space, Streams, spread
from mridiff_sdk.diffusions import Chain
from mridiff_sdk.nets import located

from ..diffusers import betas
from ..plugin import LATENT
from ..plugin import __file__ as plugin
from .folder import unpacked
from .stack import Stack

Weights_ = Annotated[str, "name of weights that come with the package, a folder in the Hugging Face layout, or a packed .safetensors file"]
Vision = Annotated[str, "folder of a CLIP vision tower of its own; empty = the subfolder image_encoder of the weights"]
TEXT = "text"
"""The condition that holds encoded texts, (sample, token, channel)."""


def load(weights: str, vision: str = "") -> Stack:
    """The networks by the name of weights that come with the package (their hash is checked), from a folder, or from a packed file.

    All three are read by the same code, from a folder. Raises DataError where there is none of them, UnsafeInput for a changed file.
    """
    tower = Path(vision) if vision else None
    if weights in LATENT:
        with unpacked(located(LATENT[weights], plugin), LATENT[weights].sha256) as folder:
            return Stack.load(folder, tower)
    if Path(weights).is_dir():
        return Stack.load(Path(weights), tower)
    if Path(weights).is_file():
        with unpacked(Path(weights)) as folder:
            return Stack.load(folder, tower)
    raise DataError(f"no weights {weights!r}: neither a name (known: {', '.join(LATENT)}) nor a folder or file",
                    hint="give one of these names, or a local folder in the layout that save_pretrained writes")  # fmt: skip


class Autoencoder(Codec):
    """u = s Enc(2 x - 1) and x = (Dec(u / s) + 1) / 2, clamped to [0, 1]; pictures RGB (sample, channel, y, x)."""

    kind: Literal["nonlinear"] = "nonlinear"

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.stack = stack

    def space(self, domain: Space) -> Space:
        """The latents of a picture; raises DataError for what is none, or one that cannot be halved as often as the encoder does."""
        channel, ny, nx = domain.shape
        factor = 2 ** (len(self.stack.vae.config.block_out_channels) - 1)
        if domain.complex or channel != 3 or ny % factor or nx % factor:
            hint = "Choose a prior for these axes; `mridiff matrix` shows what fits."
            raise DataError(f"this prior speaks of pictures, real (3, y, x) in multiples of {factor}, not of {domain}", hint=hint)
        channels = int(self.stack.vae.config.latent_channels)
        return Space(("channel", "y", "x"), (channels, ny // factor, nx // factor), complex=False, kind="latent")

    def domain(self, space: Space) -> Space:
        """The picture of latents."""
        factor = 2 ** (len(self.stack.vae.config.block_out_channels) - 1)
        _, ny, nx = space.shape
        return Space(("channel", "y", "x"), (3, ny * factor, nx * factor), complex=False, kind="picture")

    def encode(self, x: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """The latents, in the precision of x."""
        return self.stack.encode(x.float()).to(x.dtype)

    def decode(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """The picture, in the precision of u."""
        return self.stack.decode(u.float()).to(u.dtype)


class LatentDiffusion(Prior):
    """E[u0 | u_t] of the latents of pictures, real (sample, channel, y, x), on the schedule of the model's own scheduler.

    With a condition "text", (sample, token, channel) from the model's text encoder, the estimate is that of pictures so described; without,
    of any picture (the empty text). Rombach et al., CVPR 2022; Ho and Salimans, 2022, for the empty text as "no condition".
    """

    scaling = Scaling("fixed", 1.0)
    empty: Tensor

    def __init__(self, weights: Weights_ = "tiny", vision: Vision = "") -> None:
        super().__init__()
        self.stack = load(weights, vision).eval().requires_grad_(False)
        self.codec: Autoencoder = Autoencoder(self.stack)
        side = self.stack.size
        self.space = self.codec.space(Space(("channel", "y", "x"), (3, side, side), complex=False, kind="picture"))
        self.diffusion = Chain(betas(self.stack.scheduler.config))
        self.predicts = self.stack.scheduler.config.prediction_type
        with torch.no_grad():
            self.register_buffer("empty", self.stack.text(self.stack.tokens([""])), persistent=False)

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """The encoded text of the problem, where there is one."""
        return {TEXT: problem.conditions[TEXT]} if TEXT in problem.conditions else {}

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The estimate of u0, computed in single precision, given in that of x_t."""
        text = conditions[TEXT].data.float() if conditions and TEXT in conditions else self.empty
        alpha, sigma = spread(self.diffusion.alpha(t), x_t), spread(self.diffusion.sigma(t), x_t)
        levels = self.diffusion.levels or 0
        timestep = (torch.as_tensor(t, device=x_t.device) * levels).round().long() - 1
        out = self.stack.noise(x_t.float(), timestep.clamp(0, levels - 1).expand(len(x_t)), text).to(x_t.dtype)
        if self.predicts == "v_prediction":
            return alpha * x_t - sigma * out
        return (x_t - sigma * out) / alpha
