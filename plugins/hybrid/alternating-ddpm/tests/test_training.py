"""What the network is trained on: k-space of whole slices, drawn by update and place."""

import numpy as np
import pytest
import torch

from mridiff_alternating_ddpm.train import Slices, source
from mridiff_sdk.fourier import ifft
from mridiff_sdk.training_data import WholeSource

STAGE = Slices(16, 2, 2, grain=0.01, zoom=0.8, rough=0.3)


@pytest.fixture
def files(tmp_path):
    path = tmp_path / "pool.npy"
    np.save(path, np.random.default_rng(0).standard_normal((4, 2, 24, 24)).astype(np.float16))
    return [path]


def test_batches_are_the_k_space_of_slices(files):
    k = source(files, 3, STAGE).batch(5, range(4)).truth["x"]
    x = WholeSource(files, 16, 3, 0.01, zoom=0.8, rough=0.3).batch(5, range(4)).truth["x"]
    torch.testing.assert_close(ifft(k), x)


def test_a_sample_depends_on_seed_update_and_place_alone(files):
    whole, part = (source(files, 0, STAGE).batch(3, places).truth["x"] for places in (range(4), [2, 3]))
    assert torch.equal(whole[2:], part)
    assert not torch.equal(whole, source(files, 0, STAGE).batch(4, range(4)).truth["x"])
    assert not torch.equal(whole, source(files, 1, STAGE).batch(3, range(4)).truth["x"])
