"""deepinv and mrpro import torchvision by name; where they are without one, an empty one stands in, as in the benchmarks."""

from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import torch

from mridiff.interfaces import Field, Gaussian, Measured, Streams
from mridiff_sdk.coils import simulate_maps

if find_spec("deepinv") or find_spec("mrpro"):
    spec = spec_from_file_location("torchvision_stand_in", Path(__file__).parents[4] / "benchmarks" / "torchvision_stand_in.py")
    stand_in = module_from_spec(spec)
    spec.loader.exec_module(stand_in)
    stand_in.install()


@pytest.fixture
def scan():
    """Two samples of three coils, with a mask for each and places anywhere in k-space."""
    rng = Streams.of(0, "scan", 2)
    acquisition = {"sensitivity_maps": Field(simulate_maps(3, (12, 9), 0)[None], ("coil", "y", "x"))}
    acquisition |= {"mask": Field((rng.uniform((12, 9)) < 0.5).float(), ("ky", "kx"))}
    k = (rng.uniform((3, 20, 2)) - 0.5) * torch.tensor([12.0, 9.0])
    acquisition |= {"trajectory": Field(k, ("shot", "readout", "channel"))}
    return Measured(torch.zeros(2, 3, 12, 9, dtype=torch.complex64), Gaussian(0.1), acquisition)
