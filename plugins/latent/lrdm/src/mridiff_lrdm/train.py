"""Train the priors: what `mridiff train latent-kspace -o DIR` and `mridiff train hf-kspace -o DIR` run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Annotated, Literal

from annotated_types import Ge
from torch import nn

from mridiff.io.weights import load_into, read_weights
from mridiff_priors.data.pool import PoolConfig
from mridiff_priors.data.whole import WholeSource, notes
from mridiff_priors.train import pool_files
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.training.cold import MaskFamily
from mridiff_sdk.training.run import Run
from mridiff_sdk.training.trainer import Schedule, Settings, Stage, Trainer

from .net import LatentNet
from .objective import STUDENT, TEACHER, LatentObjective, Taught
from .seen import CENTRE
from .validation import validator


@dataclass(frozen=True)
class Net:
    """Length of the code; width and residual blocks of the encoders; widths of the decoder's levels in k-space and in its image passes."""

    latent: int
    width: int
    residuals: int
    kspace: tuple[int, ...]
    image: tuple[int, ...]
    passes: int


@dataclass(frozen=True)
class Lesson:
    """A stage: who learns, `batch` whole slices of `size` pixels in each of `updates`, with up to `grain` of noise left in the truth."""

    learns: Literal["teacher", "student"]
    size: int
    batch: int
    updates: int
    grain: float = 0.0


@dataclass(frozen=True)
class Fit:
    """How it is trained."""

    lessons: tuple[Lesson, ...]
    schedule: Schedule
    levels: Annotated[int, Ge(2)] = 4
    kspace: float = 0.1
    code: float = 0.1
    save: int = 100
    validate: int = 400


def latent_trainer(run: Run, *, seed: int = 0, net: Net, pool: PoolConfig, masks: MaskFamily, fit: Fit) -> Trainer:
    """The training of the prior of all k-space."""
    return trainer(run, 0.0, seed, net, pool, masks, fit)


def high_trainer(run: Run, *, seed: int = 0, net: Net, pool: PoolConfig, masks: MaskFamily, fit: Fit) -> Trainer:
    """The training of the prior of high frequencies."""
    return trainer(run, CENTRE, seed, net, pool, masks, fit)


def trainer(run: Run, void: float, seed: int, net: Net, pool: PoolConfig, masks: MaskFamily, fit: Fit) -> Trainer:
    """The run that the configuration describes, ready to start, from the weights of `run` if it has any, or to go on."""
    files = pool_files(run, pool)
    with seeded_layers(seed):
        model = LatentNet(**asdict(net), void=void)
    if run.weights:
        load_into(model, read_weights(run.weights)[0])
    stages = [Stage(Taught(WholeSource(files, s.size, seed, s.grain, seen="mixed"), s.learns), s.updates, s.batch) for s in fit.lessons]
    objective = LatentObjective(masks, fit.levels, fit.kspace, fit.code)
    settings = Settings(seed, fit.schedule, save=fit.save, validate=fit.validate)
    return Trainer(model, objective, stages, run.out, settings, players(model),
                   validate=validator(run.folder(), objective) if fit.validate else None, world=run.world, notes=notes(pool))  # fmt: skip


def players(model: LatentNet) -> dict[str, Iterable[nn.Parameter]]:
    """Who learns from which loss: the teacher's encoder and the decoder first, then everything but the teacher's encoder."""
    return {TEACHER: chain(model.teacher.parameters(), model.decoder.parameters()),
            STUDENT: chain(model.student.parameters(), model.denoiser.parameters(), model.decoder.parameters())}  # fmt: skip
