"""The trainings of both priors, for `mridiff train`: simulated pairs, made when the run begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams, spread
from mridiff_datasets.pet_mr_head import Contrast, Phantom
from mridiff_sdk.training import Batch, DenoisingObjective, NoiseLevels, Run, Stage, Training, Validate

from .net import PairNet

VALIDATION = range(100_000, 100_016)
"""Subjects of the validation figures; training takes those from 0 on, tuning and tables others again."""


@dataclass(frozen=True)
class Net:
    """What may be chosen of the UNets; both priors have the same."""

    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    features: int
    unshuffle: int


@dataclass(frozen=True)
class Data:
    """The subjects from 0 on, `size` pixels a side, and their contrast."""

    subjects: int
    size: int
    contrast: Contrast


@dataclass(frozen=True)
class Noise:
    """Noise levels lie between the two of `often` four times in five, anywhere in `sigma_range` else, times `std` for each modality."""

    sigma_range: tuple[float, float]
    std: tuple[float, float]
    often: tuple[float, float]


class Pairs:
    """Pairs of the subjects of a pool, turned by quarters and mirrored, as "x" (sample, modality, y, x) of the true half of a batch."""

    def __init__(self, images: Tensor, seed: int) -> None:
        self.images, self.seed = images, seed

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`."""
        rng = Streams([f"{self.seed}/pairs/{step}/{i}" for i in samples])
        which, turns, mirror = rng.integers(0, len(self.images)), rng.integers(0, 4).tolist(), rng.integers(0, 2).tolist()
        turned = [torch.rot90(x, k, (-2, -1)) for x, k in zip(self.images[which], turns, strict=True)]
        return Batch(truth={"x": torch.stack([x.flip(-1) if m else x for x, m in zip(turned, mirror, strict=True)])})


class PairObjective(DenoisingObjective):
    """Denoising of pairs "x" (sample, modality, y, x) in the noise of their network; every level of each modality counts about the same."""

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """One loss, "denoiser"."""
        assert isinstance(model, PairNet)
        x0 = batch["x"]
        sigma = self.levels.at(batch["place"] + rng.uniform((), device=x0.device) * batch["stride"])
        s = spread(sigma, x0) * model.noise.over(x0)
        weight = (s**2 + self.sigma_data**2) / (s * self.sigma_data) ** 2
        yield "denoiser", (weight * (model(x0 + s * rng.normal_like(x0), sigma) - x0).square()).mean()


def pairs(subjects: Iterable[int], size: int, contrast: Contrast = "brain") -> Tensor:
    """The images of some subjects, (subject, modality, y, x)."""
    phantom = Phantom(size, contrast=contrast)
    return torch.stack([phantom.head(n).images for n in subjects])


def joint_training(run: Run, *, data: Data, net: Net, sigma_data: float, noise: Noise, updates: int, batch: int) -> Training:
    """Of the prior of pairs."""
    return training(run, True, data, net, sigma_data, noise, updates, batch)


def independent_training(run: Run, *, data: Data, net: Net, sigma_data: float, noise: Noise, updates: int, batch: int) -> Training:
    """Of two priors of one modality each, side by side on the same pairs."""
    return training(run, False, data, net, sigma_data, noise, updates, batch)


def training(run: Run, joint: bool, data: Data, net: Net, sigma_data: float, noise: Noise, updates: int, batch: int) -> Training:
    """The training of networks that see the pair, or each its own modality."""
    seen = "seen together" if joint else "each modality by a network of its own"
    return Training(
        model=PairNet(asdict(net), sigma_data, noise.sigma_range, noise.std, joint),
        objective=PairObjective(sigma_data, NoiseLevels(noise.often, noise.sigma_range, 0.8)),
        stages=[Stage(Pairs(pairs(range(data.subjects), data.size, data.contrast), run.seed), updates, batch)],
        validation=lambda: validator(pairs(VALIDATION, data.size, data.contrast)),
        licence="Apache-2.0",
        data=f"{data.subjects} simulated pairs of PET and MR (subjects from 0 on of the dataset `pet-mr-phantom`, contrast "
        f"{data.contrast}), {data.size} x {data.size}, {seen}.",
    )


def validator(x0: Tensor) -> Validate:
    """A function that says the error of denoised pairs, per number and relative to the noise of PET, by modality and level of PET."""
    noise = Streams.of(0, "validation", len(x0)).normal_like(x0)

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        assert isinstance(model, PairNet)
        found: dict[str, float] = {}
        for sigma in (0.1, 0.3, 1.0):
            error = (model(x0 + sigma * model.noise.over(x0) * noise, sigma) - x0).square().mean((0, 2, 3)).sqrt() / sigma
            found |= {f"{name}_error_over_sigma_{sigma:g}": float(e) for name, e in zip(("pet", "mr"), error, strict=True)}
        return found

    return validate
