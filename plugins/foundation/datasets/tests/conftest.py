"""A tiny head: an ellipse with detail, seen by four coils, with noise of a known level."""

import numpy as np
import pytest
import torch

from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.held_out import SUBJECTS, place

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


@pytest.fixture(scope="session")
def measured_folder(tmp_path_factory):
    """A folder of measured data as small as it can be: every held-out subject of every source, three slices each of 48 x 48 pixels."""
    import h5py

    folder, rng = tmp_path_factory.mktemp("measured"), np.random.default_rng(0)
    y, x = np.meshgrid(np.linspace(-1, 1, 48), np.linspace(-1, 1, 48), indexing="ij")
    inside = (y / 0.8) ** 2 + (x / 0.6) ** 2 < 1
    for source, people in SUBJECTS.items():
        stacks = [inside * (700 + 300 * np.cos((9 + i) * x + np.arange(3)[:, None, None])) for i in range(len(people))]
        for subject, stack in zip(people, stacks, strict=True):
            path, person = place(source, subject)
            file, _, dataset = path.partition(":")
            (folder / file).parent.mkdir(exist_ok=True)
            with h5py.File(folder / file, "a") as f:
                if source == "measured":
                    maps = simulate_maps(4, (48, 48), 2)
                    noise = 2 * torch.view_as_complex(torch.from_numpy(rng.standard_normal((4, 48, 48, 2))))
                    f[dataset] = (fft(maps * torch.from_numpy(stack[0])) + noise).to(torch.complex64).numpy()
                    f["espirit_maps"] = maps.numpy()
                elif not person:
                    f[dataset] = stack.astype(np.uint16)
        if person:
            stack, names = np.concatenate(stacks), [name.encode() for name in people for _ in range(3)]
            with h5py.File(folder / file, "w") as f:
                f[dataset] = np.stack([stack, stack], -1).astype(np.int16) if source == "t2" else (stack / 4).astype(np.uint8)
                f["subject" if source == "t2" else "patient"] = names
    return folder
