"""Fit the decoders: what `mridiff train feature-guided-ldm -o DIR` runs, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Dataset
from mridiff_datasets.fmri_responses import FmriResponses
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_priors.latent import Stack, load
from mridiff_sdk.ridge import Ridge
from mridiff_sdk.stimuli import caption
from mridiff_sdk.training import Run, Training

from .decoders import LATENT, TEXT, Decoders, feature


@dataclass(frozen=True)
class Trials:
    """Trials of one's own, as the dataset `fmri-responses` takes them."""

    path: Path
    mask: Path | None = None
    shown: Path | None = None


def training(run: Run, *,
             stack: Annotated[str, "name, folder or file of the networks that the decoders shall serve"] = "tiny",
             vision: Annotated[str, "folder of a vision tower of its own; empty = that of the networks"] = "",
             every: Annotated[int, Ge(1), "decode every n-th layer of the vision tower; the study takes every second of twelve"] = 1,
             trials: Annotated[Trials | None, "responses and pictures of one's own, instead of those of the simulated subject"] = None,
             stimuli: Annotated[int, Ge(10), "training stimuli of the simulated subject, each shown once"] = 2400,
             noise: Annotated[float, Gt(0), "noise level of its responses"] = 2.0,
             rank: Annotated[int, Ge(1), "principal components that each decoder predicts"] = 128) -> Training:  # fmt: skip
    """The decoders of one subject, fitted; there is no update to run."""
    networks = load(stack, vision).eval().requires_grad_(False)
    data: Dataset
    if trials is None:
        simulated = SimFMRI(split="train", stimuli=stimuli, noise=noise, size=networks.size, seed=run.seed)
        data, texts = simulated, [caption(simulated.scene(i)) for i in range(stimuli)]
        told = (f"Simulated responses to {stimuli} drawn scenes (dataset `sim-fmri`, split train, seed {run.seed}), one trial each, "
                f"noise level {noise:g}")  # fmt: skip
    else:
        own = FmriResponses(trials.path, mask=trials.mask, shown=trials.shown, size=networks.size)
        data, texts = own, own.captions()
        told = f"Responses to {len(own)} pictures (`{trials.path.name}`)"
    return Training(
        model=fit(networks, data, texts, rank, every), licence="Apache-2.0" if trials is None else "as that of the responses",
        data=f"{told}; networks `{Path(stack).name}`.",
    )  # fmt: skip


def fit(stack: Stack, data: Dataset, texts: Sequence[str], rank: int, every: int = 1) -> Decoders:
    """Ridge regressions from voxels to every target, with a text for each scan. Latent and text are stretched to the spread that they
    have in training; features, to which a distance is taken, stay as near to the truth as they can be. Raises DataError where a scan has
    no picture.
    """
    scans = [data[i] for i in range(len(data))]
    if without := [s.id for s in scans if "x" not in s.truth]:
        raise DataError(
            f"{len(without)} scans have no picture, such as {without[0]}", hint="Decoders are fitted to responses with pictures."
        )
    voxels = torch.cat([s.measured.conditions["voxels"].data for s in scans])
    layers = range(every, stack.layers + 1, every)
    targets = wanted(stack, torch.cat([s.truth["x"].data for s in scans]), texts, layers)
    model = Decoders(voxels.shape[1], {name: y.shape[1:] for name, y in targets.items()}, rank)
    for name, ridge in model.targets.items():
        assert isinstance(ridge, Ridge)
        ridge.fit(voxels, targets[name], restore=name in {LATENT, TEXT})
    return model.requires_grad_(False)


@torch.no_grad()
def wanted(stack: Stack, x: Tensor, captions: Sequence[str], layers: Sequence[int]) -> dict[str, Tensor]:
    """The targets for pictures (sample, channel, y, x): their latents, their encoded captions, the given layers of the vision tower."""
    latents, texts, states = [], [], []
    for part, said in zip(x.split(64), (captions[i : i + 64] for i in range(0, len(captions), 64)), strict=True):
        latents.append(stack.encode(part))
        texts.append(stack.text(stack.tokens(said)))
        states.append(stack.look(part)[0])
    features = {feature(n): torch.cat([p[n - 1] for p in states]) for n in layers}
    return {LATENT: torch.cat(latents), TEXT: torch.cat(texts), **features}
