"""The laws of data sets, on a small file of every format and on the embedded scan."""

from functools import partial
from pathlib import Path

import h5py
import ismrmrd
import nibabel
import numpy as np
import pytest
import torch

from mridiff_datasets.arrays import Arrays
from mridiff_datasets.brain import Brain
from mridiff_datasets.cine import Cine
from mridiff_datasets.fastmri import FastMRI
from mridiff_datasets.folder import Folder
from mridiff_datasets.ismrmrd import ISMRMRD
from mridiff_datasets.moving import MovingBrain
from mridiff_datasets.nifti import NIfTI
from mridiff_datasets.qsm import QsmPhantom
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.testing import DatasetCase, conformance

FILES = {}
READERS = {"folder": Folder, "arrays": Arrays, "fastmri": FastMRI, "nifti": NIfTI, "ismrmrd": ISMRMRD}


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    y, x = torch.meshgrid(torch.linspace(-1, 1, 33), torch.linspace(-1, 1, 30), indexing="ij")
    image = ((y**2 + x**2 < 0.6) * (1 + 0.5 * torch.cos(7 * x))).to(torch.complex64)
    maps = simulate_maps(3, image.shape, seed=1)
    noise = 0.01 * torch.randn(3, 33, 30, generator=torch.Generator().manual_seed(0), dtype=torch.complex64)
    kspace = (fft(maps * image) + noise).numpy()
    with h5py.File(folder / "arrays.h5", "w") as file:
        file["kspace"], file["sensitivity_maps"] = kspace, maps.numpy()
    with h5py.File(folder / "fastmri.h5", "w") as file:
        file["kspace"], file["ismrmrd_header"], file["reconstruction_rss"] = (
            np.stack([kspace, kspace]),
            "none",
            np.ones((2, 20, 20), np.float32),
        )
    nibabel.save(nibabel.Nifti1Image(np.stack([image.abs().numpy()] * 2, -1), np.eye(4)), folder / "nifti.nii.gz")
    raw(folder / "ismrmrd.h5", kspace)
    FILES.update(
        folder=folder,
        ismrmrd=folder / "ismrmrd.h5",
        arrays=folder / "arrays.h5",
        fastmri=folder / "fastmri.h5",
        nifti=folder / "nifti.nii.gz",
    )
    yield
    FILES.clear()


def raw(path, kspace):
    space = "<matrixSize><x>30</x><y>33</y><z>1</z></matrixSize><fieldOfView_mm><x>30</x><y>33</y><z>5</z></fieldOfView_mm>"
    limits = "<kspace_encoding_step_1><minimum>0</minimum><maximum>32</maximum><center>16</center></kspace_encoding_step_1>"
    header = f"""<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><experimentalConditions><H1resonanceFrequency_Hz>123
</H1resonanceFrequency_Hz></experimentalConditions><encoding><encodedSpace>{space}</encodedSpace><reconSpace>{space}</reconSpace>
<encodingLimits>{limits}</encodingLimits><trajectory>cartesian</trajectory></encoding></ismrmrdHeader>"""
    with ismrmrd.Dataset(str(path), "dataset", mode="w") as file:
        file.write_xml_header(header)
        for step in range(33):
            line = ismrmrd.Acquisition.from_array(np.ascontiguousarray(kspace[:, step]))
            line.center_sample, line.idx.kspace_encode_step_1 = 15, step
            file.append_acquisition(line)


def read(name):
    return READERS[name](FILES[name], acceleration=2, center_fraction=0.3)


def cases(spec):
    if spec.name == "cine":
        return [DatasetCase(id="small", offers=spec.offers, build=partial(Cine, subjects=2, frames=5, size=16))]
    if spec.name == "qsm-phantom":
        return [DatasetCase(id="small", offers=spec.offers, build=partial(QsmPhantom, subjects=2, size=16))]
    if spec.name == "sim-fmri":
        return [DatasetCase(id="two", offers=spec.offers, build=partial(SimFMRI, stimuli=2, size=16))]
    if spec.name == "moving-brain":
        return [DatasetCase(id="moved", offers=spec.offers, build=partial(MovingBrain, shots=3, coils=2))]
    if not spec.reads:
        return [DatasetCase(id="embedded", offers=spec.offers, build=Brain)]
    missing = partial(READERS[spec.name], Path("no-such-file.h5"))
    return [DatasetCase(id="small", offers=spec.offers, build=partial(read, spec.name), missing=missing)]


test_conformance = conformance("datasets", cases=cases)
