"""Train the priors: what `mridiff train latent-kspace -o DIR` and `mridiff train hf-kspace -o DIR` run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Annotated, Literal

from annotated_types import Ge
from torch import nn

from mridiff_sdk.training import MaskFamily, Run, Stage, Training
from mridiff_sdk.training_data import PoolConfig, WholeSource, pool_files

from .net import LatentNet
from .objective import STUDENT, TEACHER, LatentObjective, Taught
from .seen import CENTRE
from .validation import validator

Levels = Annotated[int, Ge(2), "levels of the chain of codes"]


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


def latent_training(run: Run, *, net: Net, pool: PoolConfig, masks: MaskFamily, lessons: list[Lesson], levels: Levels = 4,
                    kspace: float = 0.1, code: float = 0.1) -> Training:  # fmt: skip
    """Of the prior of all k-space."""
    return training(run, 0.0, net, pool, lessons, LatentObjective(masks, levels, kspace, code))


def high_training(run: Run, *, net: Net, pool: PoolConfig, masks: MaskFamily, lessons: list[Lesson], levels: Levels = 4,
                  kspace: float = 0.1, code: float = 0.1) -> Training:  # fmt: skip
    """Of the prior of high frequencies."""
    return training(run, CENTRE, net, pool, lessons, LatentObjective(masks, levels, kspace, code))


def training(run: Run, void: float, net: Net, pool: PoolConfig, lessons: Sequence[Lesson], objective: LatentObjective) -> Training:
    """The training of a prior that is blind to a centre of radius `void`."""
    files, model = pool_files(run, pool), LatentNet(**asdict(net), void=void)
    return Training(
        model=model,
        objective=objective,
        stages=[Stage(Taught(WholeSource(files, s.size, run.seed, s.grain, seen="mixed"), s.learns), s.updates, s.batch) for s in lessons],
        parameters=players(model),
        validation=lambda: validator(run.folder(), objective),
        licence="Apache-2.0",
        data=pool.said(run.folder(), "; coils simulated"),
    )


def players(model: LatentNet) -> dict[str, Iterable[nn.Parameter]]:
    """Who learns from which loss: the teacher's encoder and the decoder first, then everything but the teacher's encoder."""
    return {TEACHER: chain(model.teacher.parameters(), model.decoder.parameters()),
            STUDENT: chain(model.student.parameters(), model.denoiser.parameters(), model.decoder.parameters())}  # fmt: skip
