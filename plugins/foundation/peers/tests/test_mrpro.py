"""mrpro's operators beside those of the house."""

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_operators.noncartesian_sense import NonCartesianSense
from mridiff_operators.sense import SenseOperator
from mridiff_peers.mrpro_sense import MrproNonCartesian, MrproSense

pytestmark = pytest.mark.filterwarnings("default")
pytest.importorskip("mrpro", reason="mrpro is not installed")


def test_on_the_grid_it_is_sense(scan):
    x = Streams.of(0, "x", 2).normal((12, 9))
    torch.testing.assert_close(MrproSense.for_scan(scan)(x), SenseOperator.for_scan(scan)(x), rtol=1e-5, atol=1e-5)


def test_along_a_trajectory_it_is_ours(scan):
    pytest.importorskip("finufft", reason="finufft is not installed")
    x = Streams.of(0, "x", 2).normal((12, 9))
    theirs, ours = MrproNonCartesian.for_scan(scan)(x), NonCartesianSense.for_scan(scan)(x)
    assert (theirs - ours).norm() < 1e-4 * ours.norm()
