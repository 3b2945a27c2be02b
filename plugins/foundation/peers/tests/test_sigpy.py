"""sigpy's linops beside the operators of the house."""

from dataclasses import replace

import pytest
import torch

from mridiff.interfaces import Field, Streams
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


def test_its_first_look_is_in_the_units_of_the_image(scan):
    """Gridded by area, as ours is, so that a prior's scale does not depend on who samples; the adjoint has other units."""
    pytest.importorskip("finufft", reason="finufft is not installed")
    theirs, ours = SigpyNonCartesian.for_scan(scan), NonCartesianSense.for_scan(scan)
    y = ours(Streams.of(0, "x", 2).normal((12, 9)))
    look = theirs.rough(y)
    assert (look - ours.rough(y)).norm() < 0.01 * look.norm() and abs(look.norm() / theirs.H(y).norm() - 1) > 0.2
    areas = 2 * torch.ones(2, *y.shape[2:])
    told = SigpyNonCartesian.for_scan(replace(scan, acquisition={**scan.acquisition, "density": Field(areas, ("shot", "readout"))}))
    torch.testing.assert_close(told.rough(y), 2 * theirs.H(y))
