"""What each of the shipped weights promises, on ellipses of the size that they learned at."""

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_kspace_cold_diffusion.plugin import WEIGHTS
from mridiff_kspace_cold_diffusion.prior import KspaceRestorer
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.sampling_patterns import masks
from mridiff_sdk.testing import images


@pytest.mark.parametrize("name", WEIGHTS)
def test_what_is_missing_comes_nearer_and_where_nothing_is_all_stays(name):
    x0, prior = images(128, 128, 2), KspaceRestorer(name)
    diffusion = FourierDiffusion(NestedMasks().to_mask(masks("random", (128, 128), 4, 0.08, 1), Streams.of(0, samples=2)))
    x_t = diffusion.mean(x0, 1.0)
    scale = x_t.abs().amax((1, 2), keepdim=True)

    def error(x):
        return float(torch.linalg.vector_norm(x - x0) / torch.linalg.vector_norm(x0))

    found = scale * prior(x_t / scale, 1.0)
    assert error(x_t + found - diffusion.mean(found, 1.0)) < 0.9 * error(x_t)
    assert error(scale * prior(x0 / scale, 0.0)) < 0.1


def test_below_the_least_time_of_its_training_a_restorer_does_less():
    x, prior = images(128, 128, 1), KspaceRestorer("brain")
    change = [torch.linalg.vector_norm(prior(x, t) - x) for t in (0.0, 1 / 12, 1 / 6)]
    assert change[0] == 0 < change[2]
    torch.testing.assert_close(change[1], change[2] / 2)
