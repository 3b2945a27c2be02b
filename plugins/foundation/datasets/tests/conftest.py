"""A tiny head: an ellipse with detail, seen by four coils, with noise of a known level."""

import numpy as np
import pytest
import torch

from mridiff_datasets.measured_series import NAMES
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
    write_series(folder, rng)
    return folder


def write_series(folder, rng, n=24):
    """Series and a field map of the same names and axes as those of the measured folder, of n x n pixels."""
    import h5py
    import nibabel

    for name in ("t1map_ir_brain", "cine_rat", "t2star_multiecho_brain", "multiecho_complex_cardiac", "t1_fieldmap_dwi_same_subject"):
        (folder / name).mkdir()
    x = 1 + rng.random((12, n, n)).astype(np.float32)
    np.savez(folder / "t1map_ir_brain" / "ir_brain.npz", magnitude=x[:9], TI_ms=np.linspace(50, 4000, 9))
    np.savez(folder / "cine_rat" / "cine.npz", magnitude=x[:8])
    for heart in NAMES["multi-echo"]:
        with h5py.File(folder / "multiecho_complex_cardiac" / f"{heart}.h5", "w") as f:
            f["image"], f["TE_s"] = (x[:8] * np.exp(1j * x[:8])).astype(np.complex64), 0.002 * np.arange(1, 9)
    echoes = (100 * x.transpose(1, 2, 0)[:, :, None] * np.arange(1, 8)[:, None]).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(echoes, np.eye(4)), folder / "t2star_multiecho_brain" / "mag_12echo.nii.gz")
    volume = np.repeat(x[0][:, :, None], 33, 2) * np.arange(1, 34)
    for name, values in {"gre_mag_e1": volume, "gre_phasediff": 100 * volume - 2000}.items():
        values = nibabel.Nifti1Image(values.astype(np.float32), np.eye(4))
        nibabel.save(values, folder / "t1_fieldmap_dwi_same_subject" / f"{name}.nii.gz")
