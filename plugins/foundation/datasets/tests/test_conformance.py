"""The laws of data sets, on a small file of every format and on the embedded scan."""

import itertools
from functools import partial

import h5py
import ismrmrd
import nibabel
import numpy as np
import pydicom
import pytest
import torch

from mridiff.spec import Trait
from mridiff_datasets.arrays import Arrays
from mridiff_datasets.bids import BIDS
from mridiff_datasets.brain import Brain, head
from mridiff_datasets.cine import Cine
from mridiff_datasets.coil_cine import CoilCine, NonCartesianCine
from mridiff_datasets.dicom import DICOM
from mridiff_datasets.echo_planar_head import EchoPlanarHead
from mridiff_datasets.fastmri import FastMRI
from mridiff_datasets.fmri_responses import FmriResponses
from mridiff_datasets.folder import Folder
from mridiff_datasets.held_out import HeldOutHeads
from mridiff_datasets.ismrmrd import ISMRMRD
from mridiff_datasets.local_field import LocalField
from mridiff_datasets.measured_series import NAMES, MeasuredSeries
from mridiff_datasets.moving import MovingBrain
from mridiff_datasets.moving_heads import MovingHeads
from mridiff_datasets.nifti import NIfTI
from mridiff_datasets.noncartesian import NonCartesianBrain, NonCartesianHeads
from mridiff_datasets.pet_mr import PetMrPhantom
from mridiff_datasets.pet_mr_images import PetMrImages
from mridiff_datasets.pet_mr_sinograms import PetMrSinograms
from mridiff_datasets.qsm import QsmPhantom
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.testing import DatasetCase, conformance

FILES = {}
READERS = {"folder": Folder, "arrays": Arrays, "fastmri": FastMRI, "nifti": NIfTI, "ismrmrd": ISMRMRD, "dicom": DICOM, "bids": BIDS}
OWN = {"local-field": LocalField, "pet-mr-images": PetMrImages, "pet-mr-sinograms": PetMrSinograms, "fmri-responses": FmriResponses}
ENDINGS = {"nifti": ".nii.gz", "dicom": ".dcm"}
NY, NX = 33, 30
MAPS = ("auto", "given", "espirit", "low-frequency", "none")


def head_like():
    y, x = torch.meshgrid(torch.linspace(-1, 1, NY), torch.linspace(-1, 1, NX), indexing="ij")
    return ((y - 0.1) ** 2 + x**2 < 0.6) * (1 + 0.5 * torch.cos(7 * x + y))


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory, measured_folder):
    image = head_like()
    maps = simulate_maps(3, (NY, NX), seed=1)
    clean = fft(maps * image)
    noise = 0.01 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0), dtype=torch.complex64)
    for kind, kspace in (("", clean + noise), ("clean ", clean)):
        folder = tmp_path_factory.mktemp("files")
        with h5py.File(folder / "arrays.h5", "w") as file:
            file["kspace"], file["sensitivity_maps"] = kspace.numpy(), maps.numpy()
            if kind:
                file["reference"] = image.numpy()
        with h5py.File(folder / "fastmri.h5", "w") as file:
            file["kspace"], file["ismrmrd_header"] = np.stack([kspace.numpy()] * 2), "none"
            file["reconstruction_rss"] = np.ones((2, 20, 20), np.float32)
        nibabel.save(nibabel.Nifti1Image(np.stack([image.numpy()] * 2, -1), np.eye(4)), folder / "nifti.nii.gz")
        raw(folder / "ismrmrd.h5", kspace.numpy())
        dicom(folder / "dicom.dcm", image.numpy())
        FILES["off the grid"] = tmp_path_factory.mktemp("radial") / "radial.mrd"
        spokes(FILES["off the grid"], kspace.numpy())
        FILES.update({kind + name: folder / f"{name}{ENDINGS.get(name, '.h5')}" for name in READERS})
        FILES[kind + "folder"] = folder
        FILES[kind + "bids"] = tmp_path_factory.mktemp("bids")
        bids(FILES[kind + "bids"], folder / "nifti.nii.gz")
        field = QsmPhantom(size=24)[0].measured.y[0]
        nibabel.save(nibabel.Nifti1Image(field.numpy().T, np.diag([3.0, 3.0, 3.0, 1.0])), folder.with_suffix(".nii.gz"))
        FILES["local-field"] = folder.with_suffix(".nii.gz")
        FILES[kind + "image"] = tmp_path_factory.mktemp("image") / "image.npz"
        np.savez(FILES[kind + "image"], image=image.numpy())
    FILES["measured"] = measured_folder
    FILES.update({name: tmp_path_factory.mktemp("own") / f"{name}.npz" for name in OWN if name != "local-field"})
    pair = PetMrPhantom(size=16)[0]
    np.savez(FILES["pet-mr-images"], **dict(zip(("pet", "mr"), pair.truth["x"].data[0].numpy(), strict=True)))
    np.savez(FILES["pet-mr-sinograms"], sinogram=pair.measured.y[0][0].numpy(), kspace=pair.measured.y[1][0].numpy(),
             angles=pair.measured.acquisition["angles"].data[0].numpy())  # fmt: skip
    seen = list(SimFMRI(size=16, stimuli=2))
    np.savez(FILES["fmri-responses"], responses=torch.cat([s.measured.conditions["voxels"].data for s in seen]).numpy(),
             pictures=torch.cat([s.truth["x"].data for s in seen]).permute(0, 2, 3, 1).numpy())  # fmt: skip
    yield
    FILES.clear()


def bids(folder, image):
    (folder / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.0"}')
    (folder / "sub-01/anat").mkdir(parents=True)
    (folder / "sub-01/anat/sub-01_T1w.nii.gz").write_bytes(image.read_bytes())


def raw(path, kspace):
    with ismrmrd.Dataset(str(path), "dataset", mode="w") as file:
        file.write_xml_header(header())
        for step in range(33):
            line = ismrmrd.Acquisition.from_array(np.ascontiguousarray(kspace[:, step]))
            line.center_sample, line.idx.kspace_encode_step_1 = 15, step
            file.append_acquisition(line)


def header(trajectory="cartesian"):
    space = "<matrixSize><x>30</x><y>33</y><z>1</z></matrixSize><fieldOfView_mm><x>30</x><y>33</y><z>5</z></fieldOfView_mm>"
    limits = "<kspace_encoding_step_1><minimum>0</minimum><maximum>32</maximum><center>16</center></kspace_encoding_step_1>"
    return f"""<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><experimentalConditions><H1resonanceFrequency_Hz>123
</H1resonanceFrequency_Hz></experimentalConditions><encoding><encodedSpace>{space}</encodedSpace><reconSpace>{space}</reconSpace>
<encodingLimits>{limits}</encodingLimits><trajectory>{trajectory}</trajectory></encoding></ismrmrdHeader>"""


def spokes(path, kspace):
    """Lines of k-space as if they were shots of a trajectory, which tells where they lie."""
    with ismrmrd.Dataset(str(path), "dataset", mode="w") as file:
        file.write_xml_header(header("other"))
        for step in range(NY):
            places = np.stack([(np.arange(NX) - NX // 2) / NX, np.full(NX, (step - NY // 2) / NY)], axis=1).astype(np.float32)
            file.append_acquisition(ismrmrd.Acquisition.from_array(np.ascontiguousarray(kspace[:, step]), places))


def dicom(path, image):
    head = pydicom.Dataset()
    head.SOPClassUID, head.SOPInstanceUID, head.SeriesInstanceUID, head.Modality = pydicom.uid.MRImageStorage, "1.2", "1.3", "MR"
    head.Rows, head.Columns, head.PixelSpacing, head.RescaleSlope, head.RescaleIntercept = NY, NX, [1, 2], "2.5e-5", 0
    head.SamplesPerPixel, head.PhotometricInterpretation, head.PixelRepresentation = 1, "MONOCHROME2", 0
    head.BitsAllocated, head.BitsStored, head.HighBit = 16, 16, 15
    head.PixelData = np.round(image / 2.5e-5).astype("<u2").tobytes()
    head.file_meta = pydicom.dataset.FileMetaDataset()
    head.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    head.save_as(path, enforce_file_format=True)


def read(file, reader, **options):
    return READERS[reader](FILES[file], **options)


def every(build, **choices):
    """A data set for every combination of options, by its name."""
    made = [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]
    return {", ".join(f"{k}={v}" for k, v in options.items()): partial(build, **options) for options in made}


def from_file(spec):
    """A reader of files: k-space, with noise of its own and without, and for those that take them images."""
    name = spec.name
    reader = partial(read, reader=name)
    image, clean = head_like(), every(partial(reader, f"clean {name}"), maps=MAPS)
    file, phases = f"clean {name}", {"maps": MAPS, "coils": (1, 3), "phase": (0.0, 1.0)}
    if name in {
        "nifti",
        "bids",
    }:  # rows run from anterior to posterior, columns from left to right; the file has the axes (left to right, to anterior)
        image, clean = image.flip(1).mT, every(partial(reader, file), **phases)
    elif name in {"arrays", "dicom"}:
        file = "clean image" if name == "arrays" else file
        clean |= every(partial(reader, file), **phases)
    return DatasetCase(
        id="small", offers=spec.offers - {Trait.TRAJECTORY}, build=partial(reader, name, acceleration=2, center_fraction=0.3), missing=READERS[name],
        clean=clean, image=image, noisy=lambda seed: reader(file, noise_std=0.05, mask_seed=seed),
    )  # fmt: skip


def heads(**options):
    return HeldOutHeads(FILES["measured"], size=32, **options)


def resampled(**options):
    return NonCartesianHeads(FILES["measured"], size=32, coils=0, acceleration=8, **options)


def series(**options):
    return MeasuredSeries(FILES["measured"], center_lines=4, **options)


def displaced(**options):
    return EchoPlanarHead(FILES["measured"], coils=3, **options)


def held_out(spec, source, coils):
    """One source of held-out heads: image by image with simulated coils, or the k-space that was measured."""
    build = partial(heads, source=source)
    noisy = None if source == "measured" else lambda seed: build(acceleration=1, coils=1, noise_std=0.05, mask_seed=seed)
    clean = every(partial(build, acceleration=1), maps=MAPS, coils=coils)
    return DatasetCase(id=source, offers=spec.offers, build=build, clean=clean, noisy=noisy)


def cases(spec):
    """Files as they come, and what needs none, as small as it can be; with all that is known of it from elsewhere."""
    if spec.name in OWN:
        lacks = {Trait.REFERENCE} if spec.name == "local-field" else set()
        return [DatasetCase(id="file", offers=spec.offers - lacks, build=lambda: OWN[spec.name](path=FILES[spec.name]),
                            missing=OWN[spec.name])]  # fmt: skip
    if spec.reads:
        off_grid = DatasetCase(id="off the grid", offers=frozenset({Trait.TRAJECTORY, Trait.MAPS, Trait.GAUSSIAN_NOISE}),
                               build=lambda: READERS[spec.name](FILES["off the grid"]), missing=READERS[spec.name])  # fmt: skip
        return [from_file(spec), *[off_grid] * (Trait.TRAJECTORY in spec.offers)]
    if spec.name == "brain":
        clean = every(partial(Brain, acceleration=1, noise_std=0), maps=MAPS, coils=(1, 3))
        return [DatasetCase(id="embedded", offers=spec.offers, build=Brain, clean=clean, image=head().abs(),
                            noisy=lambda seed: Brain(acceleration=1, coils=1, mask_seed=seed))]  # fmt: skip
    if spec.name == "moving-brain":
        still = partial(MovingBrain, shots=3, coils=2, rotation=0, shift=0)
        return [DatasetCase(id="moved", offers=spec.offers, build=partial(MovingBrain, shots=3, coils=2),
                            clean=every(partial(still, noise_std=0), order=("interleaved", "sequential"), moving_coils=(True, False)),
                            noisy=lambda seed: still(seed=seed))]  # fmt: skip
    if spec.name == "moving-heads":
        moving = partial(MovingHeads, size=16, shots=9, coils=2, order="linear", still=0.05)
        return [DatasetCase(id=kind, offers=spec.offers - ({Trait.MOTION} if kind == "breathing" else set()),
                            build=lambda kind=kind: moving(path=FILES["measured"], kind=kind, source="t1"))
                for kind in ("smooth", "breathing")]  # fmt: skip
    if spec.name == "cine":
        clean = every(partial(Cine, frames=5, size=16, acceleration=1, noise_std=0), center_lines=(0, 8))
        return [DatasetCase(id="small", offers=spec.offers, build=partial(Cine, subjects=2, frames=5, size=16), clean=clean)]
    if spec.name == "held-out-heads":
        return [held_out(spec, source, coils) for source, coils in (("t2", (1, 3)), ("measured", (0, 1)), ("t1", (3,)), ("heart", (3,)))]
    if spec.name == "coil-cine":
        clean = every(partial(CoilCine, frames=3, size=16, acceleration=1, noise_std=0), coils=(1, 3))
        return [DatasetCase(id="small", offers=spec.offers, build=partial(CoilCine, subjects=2, frames=3, size=16), clean=clean)]
    if spec.name == "measured-series":
        return [DatasetCase(id=s, offers=spec.offers, build=partial(series, source=s, coils=3),
                            clean=every(partial(series, source=s, acceleration=1, noise_std=0), coils=(1, 3))) for s in NAMES]  # fmt: skip
    if spec.name == "echo-planar-head":
        return [DatasetCase(id="small", offers=spec.offers, build=displaced,
                            noisy=lambda seed: displaced(acceleration=1, noise_std=0.05, seed=seed))]  # fmt: skip
    if spec.name == "noncartesian-cine":
        return [DatasetCase(id="small", offers=spec.offers, build=partial(NonCartesianCine, subjects=2, frames=3, size=16))]
    if spec.name == "noncartesian-brain":
        build = partial(NonCartesianBrain, acceleration=16, coils=2)
        return [DatasetCase(id=t, offers=spec.offers, build=partial(build, trajectory=t)) for t in ("radial", "spiral")]
    if spec.name == "noncartesian-heads":
        return [DatasetCase(id=s, offers=spec.offers, build=partial(resampled, source=s)) for s in ("t2", "measured")]
    drawn = {"qsm-phantom": partial(QsmPhantom, subjects=2), "sim-fmri": partial(SimFMRI, stimuli=2),
             "pet-mr-phantom": partial(PetMrPhantom, subjects=2)}  # fmt: skip
    return [DatasetCase(id="small", offers=spec.offers, build=partial(drawn[spec.name], size=16))]


test_conformance = conformance("datasets", cases=cases)
