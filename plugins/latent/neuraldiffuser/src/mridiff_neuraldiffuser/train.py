"""Fit the decoders: what `mridiff train feature-guided-ldm -o DIR` runs, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_priors.latent import Stack, load
from mridiff_sdk.ridge import Ridge
from mridiff_sdk.stimuli import Scene, caption
from mridiff_sdk.training import Run, Training

from .decoders import LATENT, TEXT, Decoders, feature


def training(run: Run, *,
             stack: Annotated[str, "name, folder or file of the networks that the decoders shall serve"] = "tiny",
             vision: Annotated[str, "folder of a vision tower of its own; empty = that of the networks"] = "",
             every: Annotated[int, Ge(1), "decode every n-th layer of the vision tower; the study takes every second of twelve"] = 1,
             stimuli: Annotated[int, Ge(10), "training stimuli, each shown once"] = 2400,
             noise: Annotated[float, Gt(0), "noise level of the responses"] = 2.0,
             rank: Annotated[int, Ge(1), "principal components that each decoder predicts"] = 128) -> Training:  # fmt: skip
    """The decoders of a simulated subject, fitted; there is no update to run."""
    networks = load(stack, vision).eval().requires_grad_(False)
    data = SimFMRI(split="train", stimuli=stimuli, noise=noise, size=networks.size, seed=run.seed)
    return Training(
        model=fit(networks, data, rank, every),
        licence="Apache-2.0",
        data=f"Simulated responses to {stimuli} drawn scenes (dataset `sim-fmri`, split train, seed {run.seed}), one trial each, "
        f"noise level {noise:g}; networks `{Path(stack).name}`.",
    )


def fit(stack: Stack, data: SimFMRI, rank: int, every: int = 1) -> Decoders:
    """Ridge regressions from voxels to every target. Latent and text are stretched to the spread that they have in training; features,
    to which a distance is taken, stay as near to the truth as they can be.
    """
    scans = [data[i] for i in range(len(data))]
    voxels = torch.cat([s.measured.conditions["voxels"].data for s in scans])
    layers = range(every, stack.layers + 1, every)
    targets = wanted(stack, torch.cat([s.truth["x"].data for s in scans]), [data.scene(i) for i in range(len(data))], layers)
    model = Decoders(voxels.shape[1], {name: y.shape[1:] for name, y in targets.items()}, rank)
    for name, ridge in model.targets.items():
        assert isinstance(ridge, Ridge)
        ridge.fit(voxels, targets[name], restore=name in {LATENT, TEXT})
    return model.requires_grad_(False)


@torch.no_grad()
def wanted(stack: Stack, x: Tensor, scenes: Sequence[Scene], layers: Sequence[int]) -> dict[str, Tensor]:
    """The targets for pictures (sample, channel, y, x): their latents, their encoded captions, the given layers of the vision tower."""
    latents, texts, states = [], [], []
    for part, shown in zip(x.split(64), (scenes[i : i + 64] for i in range(0, len(scenes), 64)), strict=True):
        latents.append(stack.encode(part))
        texts.append(stack.text(stack.tokens([caption(s) for s in shown])))
        states.append(stack.look(part)[0])
    features = {feature(n): torch.cat([p[n - 1] for p in states]) for n in layers}
    return {LATENT: torch.cat(latents), TEXT: torch.cat(texts), **features}
