"""A tiny head: an ellipse with detail, seen by four coils, with noise of a known level."""

import numpy as np
import pytest
import torch

from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft

STD = 0.02
torch.set_num_threads(1)


@pytest.fixture
def image():
    y, x = torch.meshgrid(torch.linspace(-1, 1, 40), torch.linspace(-1, 1, 36), indexing="ij")
    inside = ((y / 0.75) ** 2 + (x / 0.6) ** 2 < 1).float()
    return (inside * (1 + 0.5 * torch.cos(9 * x) * torch.sin(7 * y)) * torch.polar(torch.ones(40, 36), 0.5 * y)).to(torch.complex64)


@pytest.fixture
def coil_maps():
    return simulate_maps(4, (40, 36), seed=1)


@pytest.fixture
def kspace(image, coil_maps):
    rng = torch.Generator().manual_seed(3)
    return fft(coil_maps * image) + STD * torch.randn(4, 40, 36, generator=rng, dtype=torch.complex64)


@pytest.fixture
def lines():
    """Every second line of 36 and the ten central ones."""
    mask = torch.zeros(40, 36, dtype=torch.bool)
    mask[:, ::2] = True
    mask[:, 13:23] = True
    return mask


@pytest.fixture
def save():
    """Writes arrays to an HDF5 or npz file."""

    def write(path, **arrays):
        import h5py

        arrays = {k: v.numpy() if isinstance(v, torch.Tensor) else v for k, v in arrays.items()}
        if path.suffix == ".npz":
            np.savez(path, **arrays)
        else:
            with h5py.File(path, "w") as file:
                for name, values in arrays.items():
                    file[name] = values
        return path

    return write
