"""The options that all sources share, once: type, bounds and description of each, and the defaults of those that come together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Le, Lt

FilePath = Annotated[Path, "a file, or a folder of which every file that this dataset reads is taken, sorted by name"]
Acceleration = Annotated[float, Ge(1), "retrospective undersampling: all samples over samples kept; 1 = as measured"]
Pattern = Annotated[
    Literal["random", "equispaced", "equispaced-fraction", "gaussian", "partial-fourier", "gaussian-2d", "poisson"],
    "what is kept: lines (partial-fourier: of one half of k-space), or points of a Gaussian density (gaussian-2d) or of a Poisson disc",
]
CenterFraction = Annotated[float, Ge(0), Le(1), "part of the lines (of points: of each side) that is fully sampled around the origin"]
MaskSeed = Annotated[int, Ge(0), Lt(2**63), "seed of the mask and of the added noise"]
MapsChoice = Literal["auto", "given", "espirit", "low-frequency", "none"]
Maps = Annotated[
    MapsChoice,
    "coil maps: those of the file, or estimated from the sampled centre; auto = given, else espirit, else low-frequency; "
    "none = one channel without a coil axis, for single-coil operators",
]
NoiseStd = Annotated[float, Ge(0), "standard deviation of added noise per complex sample, over the largest magnitude of the image"]
Slices = Annotated[int | str, "which slices of each file: empty = all, else numbers and ranges like '12', '10:20', '0:60:5', '3,5,9'"]
Series = Annotated[
    Literal["", "frames", "repetitions", "echoes"],
    "what of a slice is one scan with an axis t, as series, echo trains and their methods need it; empty = each is a scan of its own",
]
Axes = Annotated[str, "axes of `kspace` or `image` in the order of the file, as 'coil,y,x' or 'y,x,coil,slice'; empty = as the file tells"]
Holds = Annotated[Literal["kspace", "image"], "what a file of one array without a name is (.npy, BART .cfl)"]
Coils = Annotated[int, Ge(1), Le(64), "number of simulated coils, for images"]
CoilSeed = Annotated[int, Ge(0), Lt(2**63), "seed of the simulated coils and of the simulated phase, for images"]
Phase = Annotated[float, Ge(0), Le(20), "largest smooth phase given to an image, for images, in radians; 0 = none"]


@dataclass(kw_only=True, eq=False)
class Sampling:
    """What is kept of k-space, its coil maps and added noise."""

    acceleration: Acceleration = 1.0
    pattern: Pattern = "random"
    center_fraction: CenterFraction = 0.08
    mask_seed: MaskSeed = 0
    maps: Maps = "auto"
    noise_std: NoiseStd = 0.0


@dataclass(kw_only=True, eq=False)
class CoilArray:
    """The coils that see an image."""

    coils: Coils = 8
    coil_seed: CoilSeed = 0


@dataclass(kw_only=True, eq=False)
class Images(CoilArray):
    """What is simulated of files that hold images instead of k-space."""

    phase: Phase = 0.0


@dataclass(kw_only=True, eq=False)
class Ordered:
    """How the arrays of a file are to be understood."""

    axes: Axes = ""
    holds: Holds = "kspace"


@dataclass(kw_only=True, eq=False)
class Files(Sampling):
    """Where scans of files are found, and which of them are taken."""

    path: FilePath = field(kw_only=False)
    slices: Slices = ""
    series: Series = ""
