"""Cases for what a declaration alone does not say: places anywhere in k-space, and networks from files of their user."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from mridiff.interfaces import Field, Gaussian, Measured, Prior, Streams
from mridiff.spec import OperatorSpec, PriorSpec, SamplerSpec, Spec, Trait
from mridiff_sdk.codecs import Channels
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.io import write_weights
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.testing import DOUBLE, SINGLE, Case, OperatorCase, PriorCase, SamplerCase, Shape, closed_form, shapes, smooth

from .deepinv_diffpir import DeepinvDiffPIR
from .deepinv_dps import DeepinvDPS
from .deepinv_drunet import DRUNet, DRUNetReal
from .monai_unet import Monai, MonaiReal
from .mrpro_sense import MrproNonCartesian
from .sigpy_sense import SigpyNonCartesian

ANYWHERE: dict[str, Any] = {"mrpro-noncartesian": MrproNonCartesian, "sigpy-noncartesian": SigpyNonCartesian}
"""Operators along trajectories, by name."""
CHAINS: dict[str, Any] = {"deepinv-dps": DeepinvDPS, "deepinv-diffpir": DeepinvDiffPIR}
"""Samplers that clip their images, by name: the Gaussian ones of the automatic cases reach beyond what measured ones do."""


def cases(spec: Spec) -> Iterable[Case]:
    """Small scans for operators along trajectories, wide bounds for chains, small networks for priors; of the others none."""
    if isinstance(spec, OperatorSpec) and spec.name in ANYWHERE:
        for shape, precision in zip(shapes(spec.axes, 0), (SINGLE, DOUBLE, DOUBLE, SINGLE), strict=True):
            yield OperatorCase(id=f"{shape.id}-{'single' if precision == SINGLE else 'double'}", offers=spec.offers, samples=shape.samples,
                               measured=partial(scattered, shape), build=ANYWHERE[spec.name].for_scan, precision=precision)  # fmt: skip
    if isinstance(spec, SamplerSpec) and spec.name in CHAINS:
        for coils in (1, 3):
            case = closed_form("smooth", coils)
            exact = None if spec.name == "deepinv-dps" and coils > 1 else (case.mean, case.covariance)  # its mean is off, see README
            yield SamplerCase(id=f"{coils}-coils", offers=spec.offers, build=partial(CHAINS[spec.name], case.prior, bound=6.0),
                              problem=case.problem, exact=exact, shortest={"steps": 2})  # fmt: skip
    if isinstance(spec, PriorSpec):
        make, prior = NETWORKS[spec.name]
        x0 = smooth(IMAGES[spec.complex], 2)
        known = Channels().encode(x0) if spec.name == "monai" else x0
        held_to = spec.offers - {Trait.DENOISER}  # random weights denoise nothing
        yield PriorCase(id="small", offers=held_to, build=partial(_built, make, prior, 2 if spec.complex else 1), x0=known)


def scattered(shape: Shape, precision: torch.dtype) -> Measured:
    """A scan at random places, another set for each sample, with maps that all share."""
    rng = Streams.of(shape.seed, "places", shape.samples)
    k = (rng.uniform((3, 5, 2), precision) - 0.5) * torch.tensor(shape.sizes, dtype=precision)
    maps = simulate_maps(shape.coils, shape.sizes, shape.seed, precision.to_complex())[None]
    acquisition = {"trajectory": Field(k, ("shot", "readout", "channel")), "sensitivity_maps": Field(maps, ("coil", "y", "x"))}
    return Measured(rng.normal((shape.coils, 3, 5), precision.to_complex()), Gaussian(0.1), acquisition)


def small_drunet(path: Path, channels: int) -> Path:
    """A file with the parameters of a narrow DRUNet."""
    from deepinv.models import DRUNet as Network

    with seeded_layers(0):
        model = Network(channels, channels, nc=(4, 8, 8, 8), nb=1, pretrained=None)
    write_weights(path / "small.safetensors", model.state_dict(), {})
    return path / "small.safetensors"


def small_monai(path: Path, channels: int) -> Path:
    """A folder with a narrow DiffusionModelUNet and its scheduler."""
    from monai.networks.nets import DiffusionModelUNet

    net = {"spatial_dims": 2, "in_channels": channels, "out_channels": channels, "channels": [8, 16], "attention_levels": [False, False],
           "num_res_blocks": 1, "norm_num_groups": 4, "num_head_channels": 8}  # fmt: skip
    with seeded_layers(0):
        model = DiffusionModelUNet(**net)
    write_weights(path / "model.safetensors", model.state_dict(), {})
    schedule = {"num_train_timesteps": 1000, "schedule": "scaled_linear_beta", "prediction_type": "v_prediction"}
    (path / "config.json").write_text(json.dumps({"network": net, "scheduler": schedule}))
    return path


NETWORKS: dict[str, tuple[Callable[[Path, int], Path], Any]] = {
    "deepinv-drunet": (small_drunet, DRUNet), "deepinv-drunet-real": (small_drunet, DRUNetReal),
    "monai": (small_monai, Monai), "monai-real": (small_monai, MonaiReal)}  # fmt: skip
"""How a small network is written, and the prior that reads it, by name."""
IMAGES = {True: DRUNet.space.fixed((24, 20)), False: DRUNetReal.space.fixed((24, 20))}


def _built(make: Callable[[Path, int], Path], prior: Callable[[str], Prior], channels: int) -> Prior:
    with TemporaryDirectory() as folder:
        return prior(str(make(Path(folder), channels)))
