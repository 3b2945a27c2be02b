"""Sound files of every reader, small, as bytes: what the malformed ones are made of. Their sizes are numbers that occur nowhere else."""

from __future__ import annotations

import gzip
import io
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import nibabel
import numpy as np
from scipy.io import savemat

COILS, NY, NX, SLICES = 3, 29, 23, 2
XML = """<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><experimentalConditions><H1resonanceFrequency_Hz>123000000
</H1resonanceFrequency_Hz></experimentalConditions><encoding><encodedSpace><matrixSize><x>23</x><y>29</y><z>1</z></matrixSize><fieldOfView_mm>
<x>230</x><y>290</y><z>5</z></fieldOfView_mm></encodedSpace><reconSpace><matrixSize><x>23</x><y>29</y><z>1</z></matrixSize><fieldOfView_mm>
<x>230</x><y>290</y><z>5</z></fieldOfView_mm></reconSpace><encodingLimits><kspace_encoding_step_1><minimum>0</minimum><maximum>28</maximum>
<center>14</center></kspace_encoding_step_1></encodingLimits><trajectory>cartesian</trajectory></encoding></ismrmrdHeader>"""


@cache
def kspace() -> np.ndarray:
    """(slice, coil, y, x) of a disc seen by smooth coils."""
    y, x = np.meshgrid(np.linspace(-1, 1, NY), np.linspace(-1, 1, NX), indexing="ij")
    disc = (x**2 + y**2 < 0.6) * (1 + 0.3 * np.cos(6 * x))
    coils = np.stack([np.exp(-((x - np.cos(c)) ** 2) - (y - np.sin(c)) ** 2 + 1j * c) for c in range(COILS)])
    image = np.stack([coils * disc, coils * disc.T if NY == NX else coils * disc[::-1]])
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image, (-2, -1)), norm="ortho"), (-2, -1)).astype(np.complex64)


def hdf5(write) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.h5"
        with h5py.File(path, "w") as file:
            write(file)
        return path.read_bytes()


def arrays() -> dict[str, np.ndarray]:
    k = kspace()
    maps = np.ones((COILS, NY, NX), np.complex64)
    return {"kspace": k, "sensitivity_maps": maps, "reference": np.ones((SLICES, NY, NX), np.float32), "mask": np.ones(NX, np.float32),
            "noise_std": np.array(0.1)}  # fmt: skip


def acquisitions() -> np.ndarray:
    import ismrmrd.hdf5

    lines = np.zeros(NY, ismrmrd.hdf5.acquisition_dtype)
    head = lines["head"]
    head["version"], head["active_channels"], head["number_of_samples"], head["center_sample"] = 1, COILS, NX, NX // 2
    head["available_channels"], head["sample_time_us"] = COILS, 5
    head["idx"]["kspace_encode_step_1"] = np.arange(NY)
    for n in range(NY):
        lines["data"][n] = kspace()[0, :, n].copy().view(np.float32).ravel()
        lines["traj"][n] = np.zeros(0, np.float32)
    return lines


def ismrmrd_file(file: h5py.File, xml: str = XML, lines: np.ndarray | None = None) -> None:
    group = file.create_group("dataset")
    group.create_dataset("xml", data=[xml], dtype=h5py.string_dtype())
    group.create_dataset("data", data=acquisitions() if lines is None else lines, maxshape=(None,), chunks=(1,))


def fastmri_file(file: h5py.File) -> None:
    file["kspace"] = kspace()
    file["reconstruction_rss"] = np.ones((SLICES, NX, NX), np.float32)
    file["ismrmrd_header"] = XML
    file.attrs.update({"max": 1.0, "norm": 2.0, "acquisition": "AXT2", "patient_id": "0"})


def npz(save) -> bytes:
    stream = io.BytesIO()
    save(stream, **arrays())
    return stream.getvalue()


def nifti(values: np.ndarray) -> bytes:
    return nibabel.Nifti1Image(values, np.diag([1.0, 2.0, 3.0, 1.0])).to_bytes()


def made(write) -> bytes:
    """What `write` leaves in the file that it is given."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        with path.open("wb") as file:
            write(file)
        return path.read_bytes()


def matlab_73() -> bytes:
    """As `save -v7.3` does: axes reversed, complex numbers as pairs, behind 512 bytes of a head."""
    k = kspace().transpose(0, 1, 3, 2)
    pairs = np.empty(k.shape, [("real", "f4"), ("imag", "f4")])
    pairs["real"], pairs["imag"] = k.real, k.imag
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.mat"
        with h5py.File(path, "w", userblock_size=512) as file:
            file["kspace"], file["noise_std"] = pairs, np.full((1, 1), 0.1)
        blob = path.read_bytes()
    return b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM" + blob[128:]


def dicom(number: int = 0) -> bytes:
    """One slice of a series."""
    import pydicom

    head = pydicom.Dataset()
    head.SOPClassUID, head.SOPInstanceUID, head.SeriesInstanceUID = pydicom.uid.MRImageStorage, f"1.2.3.{number}", "1.2.3"
    head.Modality, head.SeriesNumber, head.SeriesDescription, head.InstanceNumber = "MR", 4, "t1", number
    head.PixelSpacing, head.ImageOrientationPatient, head.ImagePositionPatient = [1, 2], [1, 0, 0, 0, 1, 0], [0, 0, 3 * number]
    head.Rows, head.Columns, head.SamplesPerPixel, head.PhotometricInterpretation = NY, NX, 1, "MONOCHROME2"
    head.BitsAllocated, head.BitsStored, head.HighBit, head.PixelRepresentation = 16, 16, 15, 0
    head.PixelData = (np.abs(kspace()[number % SLICES, 0]) * 100 + 1).astype("<u2").tobytes()
    head.file_meta = pydicom.dataset.FileMetaDataset()
    head.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    return made(lambda file: head.save_as(file, enforce_file_format=True))


@cache
def bart() -> tuple[bytes, bytes]:
    """A `.cfl` and its `.hdr`."""
    sizes = [NX, NY, 1, COILS, *[1] * 9, SLICES, 1, 1]
    return kspace().astype("<c8").tobytes(), f"# Dimensions\n{' '.join(map(str, sizes))} \n# Command\nfft -u 3 a b\n".encode()


@cache
def files() -> dict[str, bytes]:
    """Name, whose ending chooses the reader, to content."""
    every = arrays()
    packed = {"compression": "gzip", "shuffle": True, "fletcher32": True}

    def plain(file):
        for name, values in every.items():
            file[name] = values
        file["kspace"].attrs["axes"] = ["slice", "coil", "y", "x"]

    def chunked(file):
        for name, values in every.items():
            file.create_dataset(name, data=values, **(packed if values.ndim > 1 else {}))

    def image(file):
        file["image"] = np.abs(kspace()[:, 0])

    series = nifti(np.arange(11 * 13 * 5 * 2, dtype=np.float32).reshape(11, 13, 5, 2) + 1)
    variables = {"kspace": kspace().transpose(2, 3, 1, 0), "reference": np.ones((NY, NX)), "mask": np.ones(NX), "noise_std": 0.1}
    return {
        "slice.dcm": dicom(),
        "one.npy": made(lambda file: np.save(file, kspace())), "five.mat": made(lambda file: savemat(file, variables)),
        "packed.mat": made(lambda file: savemat(file, variables, do_compression=True)), "seven.mat": matlab_73(),
        "plain.h5": hdf5(plain), "chunked.hdf5": hdf5(chunked), "image.h5": hdf5(image), "fastmri.h5": hdf5(fastmri_file),
        "raw.mrd": hdf5(ismrmrd_file), "raw.h5": hdf5(ismrmrd_file), "stored.npz": npz(np.savez), "deflated.npz": npz(np.savez_compressed),
        "real.nii": nifti(np.arange(11 * 13 * 5, dtype=np.int16).reshape(11, 13, 5)), "series.nii": series,
        "complex.nii": nifti(np.ones((11, 13, 5), np.complex64)), "series.nii.gz": gzip.compress(series, mtime=0),
    }  # fmt: skip
