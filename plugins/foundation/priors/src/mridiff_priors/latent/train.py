"""Train the tiny stack, one part after the other: what `mridiff train latent-diffusion -o DIR [--config train-PART.yaml]` runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch
from torch import Tensor, nn

from mridiff.errors import ConfigError, Mistake
from mridiff.interfaces import Objective, Streams
from mridiff_sdk.diffusions import Chain
from mridiff_sdk.io import load_into
from mridiff_sdk.stimuli import FORMS, caption, scene
from mridiff_sdk.training import Batch, Run, Stage, Training, Validate

from ..diffusers import betas
from . import tiny
from .folder import pack
from .prior import load
from .stack import Stack

FIRST, VALIDATION = 1_000_000, 2_000_000
"""Numbers of the first scene trained on and of the first that shows how training goes; experiments show scenes of lower numbers."""


class Packed(nn.Module):
    """A stack that a trainer can write, as one packed file; `scale` sets that of its latents when it starts from weights."""

    def __init__(self, stack: Stack, scale: Callable[[Stack], float] | None = None) -> None:
        super().__init__()
        self.stack, self.scale = stack, scale

    def save(self, path: Path, **notes: str) -> str:
        """The stack as a folder, packed; returns the SHA-256."""
        with TemporaryDirectory() as folder:
            tiny.save(self.stack, Path(folder))
            return pack(Path(folder), path, **notes)

    def start_from(self, path: Path) -> None:
        """Take the parameters of a packed stack, and its scale where there is no other."""
        found = load(str(path))
        load_into(self.stack, found.state_dict())
        self.stack.vae.register_to_config(scaling_factor=self.scale(self.stack) if self.scale else found.vae.config.scaling_factor)


class Pictures:
    """Scenes drawn once, with the tokens of every form of their captions; a batch takes some of them, each in one form."""

    def __init__(self, stack: Stack, first: int, count: int, seed: int) -> None:
        scenes = [scene(first + i) for i in range(count)]
        self.x = torch.stack([s.picture(stack.size) for s in scenes])
        self.tokens = stack.tokens([caption(s, form) for s in scenes for form in range(FORMS)]).unflatten(0, (count, FORMS))
        self.seed = seed

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`."""
        rng = Streams([f"{self.seed}/pictures/{step}/{i}" for i in samples])
        which, form = rng.integers(0, len(self.x)), rng.integers(0, FORMS)
        return Batch(truth={"x": self.x[which], "tokens": self.tokens[which, form]})


class AutoencoderObjective(Objective):
    """|x' - x| of pictures in [-1, 1], plus `kl` times the divergence of the posterior from a standard normal one, per number."""

    def __init__(self, kl: float) -> None:
        super().__init__()
        self.kl = kl

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """The autoencoder's loss."""
        stack: Any = model.stack
        vae = stack.vae
        x = 2 * batch["x"] - 1
        posterior = vae.encode(x).latent_dist
        u = posterior.mean + posterior.std * rng.normal_like(posterior.mean)
        yield "vae", (vae.decode(u).sample - x).abs().mean() + self.kl * posterior.kl().mean() / u[0].numel()


class ContrastiveObjective(Objective):
    """Which caption belongs to which picture of a batch, both ways (Radford et al., ICML 2021), with a fixed temperature."""

    def __init__(self, temperature: float = 0.07) -> None:
        super().__init__()
        self.temperature = temperature

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """The mean of the two cross entropies."""
        logits = matches(model.stack, batch) / self.temperature  # type: ignore[arg-type]
        truth = torch.arange(len(logits), device=logits.device)
        yield "clip", (nn.functional.cross_entropy(logits, truth) + nn.functional.cross_entropy(logits.T, truth)) / 2


def matches(stack: Stack, batch: Mapping[str, Tensor]) -> Tensor:
    """Cosines of the embeddings of pictures (rows) and captions (columns)."""
    embed = nn.functional.normalize(stack.look(batch["x"])[1], dim=-1)
    words = nn.functional.normalize(stack.text_encoder(batch["tokens"]).text_embeds, dim=-1)
    return embed @ words.T


class NoiseObjective(Objective):
    """|eps - eps'|^2 at a random time, with the caption or, a tenth of the time, the empty text (Ho and Salimans, 2022)."""

    nothing: Tensor

    def __init__(self, stack: Stack, dropped: float = 0.1) -> None:
        super().__init__()
        self.chain, self.dropped = Chain(betas(stack.scheduler.config)), dropped
        self.register_buffer("nothing", stack.tokens([""]), persistent=False)

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """The UNet's loss; autoencoder and text encoder stay as they are. Times are stratified over the batch."""
        stack: Any = model.stack
        with torch.no_grad():
            u0 = stack.encode(batch["x"])
            drop = rng.uniform((1,)) < self.dropped
            text = stack.text(torch.where(drop, self.nothing, batch["tokens"]))
        levels = self.chain.levels or 0
        place = (batch["place"] + batch["stride"] * rng.uniform(())) % 1
        timestep = (place * levels).long().clamp(0, levels - 1)
        t, eps = (timestep + 1).double() / levels, rng.normal_like(u0)
        alpha, sigma = (v.float()[:, None, None, None] for v in (self.chain.alpha(t), self.chain.sigma(t)))
        yield "unet", (stack.noise(alpha * u0 + sigma * eps, timestep, text) - eps).square().mean()


def training(run: Run, *, part: Literal["vae", "clip", "unet"], kl: float = 1e-6, scenes: int, updates: int, batch: int) -> Training:
    """The training of one part of the tiny stack on so many scenes: autoencoder, then CLIP, then the UNet of both.

    Raises ConfigError where the UNet is to be trained without the weights of the others.
    """
    if part == "unet" and run.weights is None:
        raise ConfigError([Mistake("--weights", "the UNet needs a trained autoencoder and text encoder: give the weights of part clip")])
    stack = tiny.build()
    source = Pictures(stack, FIRST, scenes, run.seed)
    trained: dict[str, list[nn.Module]] = {"vae": [stack.vae], "clip": [stack.text_encoder, stack.image_encoder], "unet": [stack.unet]}
    parameters = [p for module in trained[part] for p in module.parameters()]
    stack.requires_grad_(False)
    for p in parameters:
        p.requires_grad_(True)
    objective = AutoencoderObjective(kl) if part == "vae" else ContrastiveObjective() if part == "clip" else NoiseObjective(stack)
    return Training(
        model=Packed(stack, (lambda trained: scaling(trained, source.x)) if part == "unet" else None),
        objective=objective,
        stages=[Stage(source, updates, batch)],
        parameters={part: parameters},
        validation=lambda: validator(part, objective, Pictures(stack, VALIDATION, 64, run.seed)),
        licence="Apache-2.0",
        data=f"{scenes} drawn scenes of `mridiff_sdk.stimuli`, numbers from {FIRST} on.",
    )


@torch.no_grad()
def scaling(stack: Stack, x: Tensor) -> float:
    """One over the standard deviation of the latents of pictures."""
    stack.vae.register_to_config(scaling_factor=1.0)
    return round(1 / float(torch.cat([stack.encode(part) for part in x[:1024].split(64)]).std()), 4)


def validator(part: str, objective: Objective, pictures: Pictures) -> Validate:
    """A function that says, on scenes that are not trained on, how good a part is."""
    batch = dict(pictures.batch(0, range(64)).truth) | {"place": torch.arange(64) / 64, "stride": torch.tensor(1 / 64)}

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        stack: Any = model.stack
        found: dict[str, Callable[[], float]] = {
            "vae": lambda: float(-10 * (stack.decode(stack.encode(batch["x"])) - batch["x"]).square().mean().log10()),
            "clip": lambda: float((matches(stack, batch).argmax(1) == torch.arange(64)).float().mean()),
            "unet": lambda: float(dict(objective.losses(model, batch, Streams.of(0, "validation", 64)))["unet"]),
        }
        name = {"vae": "psnr", "clip": "right_caption_of_64", "unet": "noise_error"}[part]
        return {name: found[part]()}

    return validate
