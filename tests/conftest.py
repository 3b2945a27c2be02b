"""What the tests that cross packages share: a small measured-like scan, the command line in a child process, the real data."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft

sys.path.insert(0, str(Path(__file__).parent))


def kspace_of(size=(48, 40), coils=4, noise=0.002):
    """k-space (coil, ky, kx) of a smooth head-like object, with noise, and the coil maps: so few lines hold no calibration."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in size), indexing="ij")
    head = ((y / 0.8) ** 2 + (x / 0.65) ** 2 < 1).astype(float)
    image = head * (0.6 + 0.3 * np.cos(9 * x) * np.cos(7 * y)) * np.exp(0.5j * (x + y))
    maps = simulate_maps(coils, size, 0)
    k = fft(maps.reshape(1, coils, *size) * torch.from_numpy(image).to(torch.complex64))[0].numpy()
    generator = np.random.default_rng(0)
    n = generator.standard_normal(k.shape) + 1j * generator.standard_normal(k.shape)
    return (k + noise * n).astype(np.complex64), maps.reshape(k.shape).numpy()


@pytest.fixture
def scan_file(tmp_path):
    path = tmp_path / "scan.h5"
    with h5py.File(path, "w") as f:
        f["kspace"], f["sensitivity_maps"] = kspace_of()
    return path


@pytest.fixture
def mridiff():
    """Run the command line as a user does; gives the finished process."""

    def run(*arguments, **environment):
        command = [sys.executable, "-c", "from mridiff.cli import main; main()", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1", **environment}, check=False
        )

    return run
