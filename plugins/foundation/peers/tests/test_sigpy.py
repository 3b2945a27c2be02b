"""sigpy's linops beside the operators of the house."""

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_operators.noncartesian_sense import NonCartesianSense
from mridiff_operators.sense import SenseOperator
from mridiff_peers.sigpy_sense import SigpyNonCartesian, SigpySense

pytest.importorskip("sigpy", reason="sigpy is not installed")


def test_on_the_grid_it_is_sense(scan):
    x = Streams.of(0, "x", 2).normal((12, 9))
    torch.testing.assert_close(SigpySense.for_scan(scan)(x), SenseOperator.for_scan(scan)(x), rtol=1e-5, atol=1e-5)


def test_along_a_trajectory_it_is_ours_within_one_percent(scan):
    """Its kernel of four cells on a grid finer by a quarter is what leaves a percent."""
    pytest.importorskip("finufft", reason="finufft is not installed")
    x = Streams.of(0, "x", 2).normal((12, 9))
    theirs, ours = SigpyNonCartesian.for_scan(scan)(x), NonCartesianSense.for_scan(scan)(x)
    assert (theirs - ours).norm() < 0.01 * ours.norm()
