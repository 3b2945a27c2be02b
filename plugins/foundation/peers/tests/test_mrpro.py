"""mrpro's operators beside those of the house."""

import pytest
import torch

from mridiff.interfaces import Field, Gaussian, Measured, Streams
from mridiff_operators.noncartesian_sense import NonCartesianSense
from mridiff_operators.sense import SenseOperator
from mridiff_peers.mrpro_sense import MrproNonCartesian, MrproSense
from mridiff_sdk.coils import simulate_maps

pytestmark = pytest.mark.filterwarnings("default")
pytest.importorskip("mrpro", reason="mrpro is not installed")


def scan():
    rng = Streams.of(0, "scan", 2)
    acquisition = {"sensitivity_maps": Field(simulate_maps(3, (12, 9), 0)[None], ("coil", "y", "x"))}
    acquisition |= {"mask": Field((rng.uniform((12, 9)) < 0.5).float(), ("ky", "kx"))}
    k = (rng.uniform((3, 20, 2)) - 0.5) * torch.tensor([12.0, 9.0])
    acquisition |= {"trajectory": Field(k, ("shot", "readout", "channel"))}
    return Measured(torch.zeros(2, 3, 12, 9, dtype=torch.complex64), Gaussian(0.1), acquisition)


def test_on_the_grid_it_is_sense():
    x = Streams.of(0, "x", 2).normal((12, 9))
    torch.testing.assert_close(MrproSense.for_scan(scan())(x), SenseOperator.for_scan(scan())(x), rtol=1e-5, atol=1e-5)


def test_along_a_trajectory_it_is_ours():
    pytest.importorskip("finufft", reason="finufft is not installed")
    x = Streams.of(0, "x", 2).normal((12, 9))
    theirs, ours = MrproNonCartesian.for_scan(scan())(x), NonCartesianSense.for_scan(scan())(x)
    assert (theirs - ours).norm() < 1e-4 * ours.norm()
