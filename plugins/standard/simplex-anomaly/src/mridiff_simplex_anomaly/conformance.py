"""Cases for the conformance suite: slices that come with the package, and a drawn scan in place of measured ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel as nib
import numpy as np
import torch

from mridiff.interfaces import Gaussian, Measured, Problem, Sampler
from mridiff.spec import OperatorSpec, PriorSpec, RecipeSpec, SamplerSpec, Spec
from mridiff_sdk.testing import Case, DatasetCase, OperatorCase, PriorCase, SamplerCase, short_run

from .brightness import IntensityThreshold
from .dataset import DrawnLesions, FlairLesions
from .iterative import SimplexIterative
from .operator import WholeImage
from .prior import P99, SimplexDDPM
from .sampler import SimplexOneStep

BUILD: dict[str, Callable[[], Sampler]] = {
    "simplex-anomaly": lambda: SimplexOneStep(SimplexDDPM()),
    "simplex-iterative": lambda: SimplexIterative(SimplexDDPM(), level=0.004),
    "intensity-threshold": IntensityThreshold,
}


def cases(spec: Spec) -> Iterable[Case]:
    """One for each component."""
    if isinstance(spec, OperatorSpec):
        yield OperatorCase(id="12x10", offers=spec.offers, measured=measured, build=WholeImage.for_scan, samples=2)
    elif isinstance(spec, PriorSpec):
        yield PriorCase(id="96x96", offers=spec.offers, build=SimplexDDPM, x0=P99 * slices())
    elif isinstance(spec, SamplerSpec):
        yield SamplerCase(id="96x96", offers=spec.offers, build=BUILD[spec.name], problem=problem())
    elif isinstance(spec, RecipeSpec):
        yield short_run(spec, "simplex-anomaly", {"dataset": {"options": {"count": 1}}})
    elif spec.name == "drawn-lesions":
        yield DatasetCase(id="two-heads", offers=spec.offers, build=partial(DrawnLesions, count=2))
    else:
        build = partial(FlairLesions, path=drawn_head(), people="stroke", lesions="drawn")
        yield DatasetCase(id="drawn-head", offers=spec.offers, build=build, missing=lambda path: FlairLesions(path=path))


@cache
def drawn_head() -> Path:
    """A folder, as long as the process lasts, with a ball of tissue in place of the patient with a stroke."""
    folder = Path(_lasting.name)
    radius = np.sqrt(sum(a**2 for a in np.meshgrid(*(np.linspace(-1.1, 1.1, n) for n in (60, 72, 60)), indexing="ij")))
    (folder / "flair_stroke").mkdir()
    image = nib.Nifti1Image(((radius < 1) * (150 - 40 * radius)).astype(np.uint8), np.eye(4))
    nib.save(image, folder / "flair_stroke" / "FLAIR.nii.gz")
    return folder


_lasting = TemporaryDirectory()


def slices() -> torch.Tensor:
    """Two slices with a lesion, (sample, y, x), p99 about 1."""
    return torch.cat([s.measured.y for s in DrawnLesions(count=1) if isinstance(s.measured.y, torch.Tensor)])


def measured(precision: torch.dtype) -> Measured:
    """A corner of both as what was measured: small, as one check writes the operator as a matrix."""
    return Measured(slices()[:, 40:52, 30:40].to(precision), Gaussian(0.01))


def problem() -> Problem:
    """The first of them, in units of the prior."""
    return Problem.of(WholeImage((96, 96)), Measured(P99 * slices()[:1], Gaussian()))
