"""DICOM series in as reference images, their geometry, and results out as volumes and as derived series; files are written by the format's library."""

import json
import subprocess
import sys

import nibabel
import numpy as np
import pydicom
import pytest
import torch

from mridiff import open_scans
from mridiff.errors import DataError
from mridiff_datasets.derived import write_derived
from mridiff_datasets.dicom import DICOM
from mridiff_datasets.folder import Folder
from mridiff_datasets.nifti import NIfTI

ROW, COLUMN = (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)
"""A sagittal plane: rows run from front to back, columns from head to feet."""

SIZE = (4, 40, 32)
SPACING = (1.2, 0.9)


def command(arguments):
    """The command line as a user runs it."""
    return subprocess.run(
        [sys.executable, "-c", "from mridiff.cli import main; main()", *arguments], capture_output=True, text=True, check=False
    )


def volume():
    z, y, x = np.meshgrid(np.arange(SIZE[0]), np.linspace(-1, 1, SIZE[1]), np.linspace(-1, 1, SIZE[2]), indexing="ij")
    return (((y / 0.8) ** 2 + (x / 0.7) ** 2 < 1) * (900 + 300 * np.cos(5 * x + z))).astype(np.uint16)


def header(number=1, series="1.2.3.4", z=0, **more):
    head = pydicom.Dataset()
    head.SOPClassUID, head.SOPInstanceUID = pydicom.uid.MRImageStorage, f"{series}.{number}"
    head.PatientName, head.PatientID, head.StudyInstanceUID, head.SeriesInstanceUID = "Some^Body", "12345", "1.2.3", series
    head.FrameOfReferenceUID, head.Modality, head.SeriesNumber, head.SeriesDescription = "1.2.9", "MR", 4, "t1 MPRAGE"
    head.InstanceNumber, head.ImageType, head.SliceThickness, head.EchoTime = number, ["ORIGINAL", "PRIMARY", "M"], 2.5, 3.1
    head.PixelSpacing, head.ImageOrientationPatient = list(SPACING), [*ROW, *COLUMN]
    head.ImagePositionPatient = [-10 - 2.5 * z, -20.0, 30.0]
    head.RescaleSlope, head.RescaleIntercept = 2, -100
    for name, value in more.items():
        setattr(head, name, value)
    return head


def save(path, pixels, head, syntax=None):
    pixels = np.atleast_3d(pixels) if pixels.ndim == 2 else pixels
    head.Rows, head.Columns = pixels.shape[-2:] if pixels.shape[0] != head.get("Rows") and pixels.shape[-1] > 1 else pixels.shape[:2]
    head.SamplesPerPixel, head.PhotometricInterpretation = 1, "MONOCHROME2"
    head.BitsAllocated, head.BitsStored, head.HighBit, head.PixelRepresentation = 16, 16, 15, 0
    head.PixelData = np.ascontiguousarray(pixels).tobytes()
    head.file_meta = pydicom.dataset.FileMetaDataset()
    head.file_meta.TransferSyntaxUID = syntax or pydicom.uid.ExplicitVRLittleEndian
    head.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def series(tmp_path):
    """A folder as a scanner leaves it: names that tell nothing, in no order; beside it a phase image and a file that is damaged."""
    folder = tmp_path / "IN"
    folder.mkdir()
    for z in (2, 0, 3, 1):
        save(folder / f"IM{(7 * z) % 5}", volume()[z], header(10 - z, z=z))
    save(folder / "phase.dcm", volume()[0], header(20, ImageType=["ORIGINAL", "PRIMARY", "P"]))
    (folder / "broken.dcm").write_bytes((folder / "IM0").read_bytes()[:300])
    (folder / "README.txt").write_text("about")
    return folder


def test_a_folder_is_a_volume_in_order(series):
    for data in (DICOM(series, coils=3), Folder(series, coils=3)):
        names = [f"004-t1_MPRAGE-s{z:03d}" for z in range(4)]
        assert len(data) == 5 and [data[i].id for i in range(4)] == names and {data[i].volume for i in range(4)} == {"004-t1_MPRAGE"}
        for z in range(4):
            scan = data[z]
            assert np.allclose(scan.truth["x"].data[0].abs(), np.abs(2.0 * volume()[z] - 100)) and scan.notes == (
                "1 phase images are left out",
            )
            affine = np.array(scan.measured.geometry.affine)
            for row, column in ((0, 0), (3, 5)):  # to the left, back and head in the header; to the right, front and head in the affine
                place = np.add([-10 - 2.5 * z, -20, 30], np.multiply(ROW, column * SPACING[1]) + np.multiply(COLUMN, row * SPACING[0]))
                assert np.allclose(affine @ [column, row, 0, 1], [-place[0], -place[1], place[2], 1])
        with pytest.raises(DataError, match=r"broken\.dcm"):
            data[4]
    told, damaged = open_scans(series).contents()
    assert told.scans == 4 and told.holds["slices"] == "4, 2.5 mm apart" and "1 phase images" in told.left_out[0] and damaged.scans == 0
    assert "Body" not in repr(told) and [e.id for e in DICOM(series, slices="1:3").entries][:2] == names[1:3]


def test_bad_dicom_files_stop_no_others_in_a_folder(series, tmp_path):
    for file in series.glob("IM*"):
        file.unlink()
    np.save(series / "good.npy", np.ones((8, 8)))
    data = Folder(series, holds="image", coils=2)
    assert [entry.id for _, entry in data.scans] == ["broken", "good"] and data[1].measured.y.shape == (1, 2, 8, 8)
    with pytest.raises(DataError, match=r"broken\.dcm"):
        data[0]


def test_series_echoes_planes_and_times_are_volumes_of_their_own(tmp_path):
    number = iter(range(1, 99))
    for z in (0, 1):
        for name, more in {"a": {"EchoNumbers": 1}, "b": {"EchoNumbers": 2}, "c": {"EchoNumbers": 2}, "d": {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
                           "e": {"series": "1.2.5", "SeriesNumber": 5, "SeriesDescription": ""}}.items():  # fmt: skip
            save(tmp_path / f"{name}{z}", volume()[z], header(next(number), z=z, **more))
    assert {name: len(v) for name, v in DICOM(tmp_path).volumes.items()} == {
        "004-t1_MPRAGE-n0": 2, "004-t1_MPRAGE-n1-v000": 2, "004-t1_MPRAGE-n1-v001": 2, "004-t1_MPRAGE-n2-v000": 1, "004-t1_MPRAGE-n2-v001": 1, "005": 2,
    }  # fmt: skip


def test_frames_of_one_file(tmp_path):
    head = header(NumberOfFrames=4, Rows=SIZE[1])
    head.PerFrameFunctionalGroupsSequence = [pydicom.Dataset() for _ in range(4)]
    for z, frame in enumerate(head.PerFrameFunctionalGroupsSequence):
        frame.PlanePositionSequence, frame.PixelMeasuresSequence = [pydicom.Dataset()], [pydicom.Dataset()]
        frame.PlanePositionSequence[0].ImagePositionPatient = [-10 + 2.5 * z, -20.0, 30.0]
        frame.PixelMeasuresSequence[0].PixelSpacing, frame.PixelMeasuresSequence[0].SliceThickness = [2.0, 1.0], 3.0
    shared = pydicom.Dataset()
    shared.PlaneOrientationSequence = [pydicom.Dataset()]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [*ROW, *COLUMN]
    head.SharedFunctionalGroupsSequence = [shared]
    del head.PixelSpacing, head.ImagePositionPatient, head.ImageOrientationPatient, head.SliceThickness
    data = DICOM(save(tmp_path / "many", volume(), head), coils=2)
    assert [s.measured.geometry.voxel_size for s in data] == [(2.0, 1.0)] * 4
    for scan, z in zip(data, (3, 2, 1, 0), strict=True):  # the last frame lies lowest along the normal
        assert np.allclose(scan.truth["x"].data[0].abs(), np.abs(2.0 * volume()[z] - 100))


@pytest.mark.parametrize(("change", "words"), [
    ({"SamplesPerPixel": 3}, "3 colours"), ({"Rows": 0}, "no image that could be read"), ({"NumberOfFrames": 99999}, "99999 frames"),
    ({"PixelSpacing": [0, 1]}, "mm apart"), ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "not two directions at a right angle"),
    ({"syntax": "1.2.840.10008.1.2.4.80"}, "JPEG-LS.*another library"), ({"syntax": "1.2.840.10008.1.2.1.99"}, "1.99 is not read|Deflated"),
])  # fmt: skip
def test_faults_of_a_header(tmp_path, change, words):
    head = header()
    save(tmp_path / "a.dcm", volume()[0], head)
    head.preamble = bytes(128)
    if "syntax" in change:
        head.file_meta.TransferSyntaxUID = change["syntax"]
        head.PixelData = pydicom.encaps.encapsulate([b"1234"]) if change["syntax"].endswith("80") else head.PixelData
        head["PixelData"].VR = "OB"
    else:
        for name, value in change.items():
            setattr(head, name, value)
    head.save_as(tmp_path / "a.dcm", overwrite=True)
    with pytest.raises(DataError, match=rf"a\.dcm: .*({words})"):
        DICOM(tmp_path / "a.dcm")
    (tmp_path / "a.dcm").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"a\.dcm"):
        DICOM(tmp_path / "a.dcm")


def test_a_series_is_reconstructed_and_written_as_one_volume_and_as_a_derived_series(series, tmp_path):
    """What `mridiff recon METHOD FOLDER` and `mridiff dicom` leave, opened again: values and places are those of the source."""
    (series / "broken.dcm").unlink()
    run = command(["recon", "zero-filled", str(series), "-o", str(tmp_path / "out"), "--json"])
    assert run.returncode == 0, run.stderr
    image = nibabel.load(tmp_path / "out" / "004-t1_MPRAGE.nii.gz")
    wanted = np.abs(2.0 * volume() - 100)
    assert image.shape == (32, 40, 4) and np.allclose(image.get_fdata().T, wanted, atol=0.01)
    for z, row, column in ((0, 0, 0), (3, 7, 5)):
        place = np.add([-10 - 2.5 * z, -20, 30], np.multiply(ROW, column * SPACING[1]) + np.multiply(COLUMN, row * SPACING[0]))
        assert np.allclose(image.affine @ [column, row, z, 1], [-place[0], -place[1], place[2], 1], atol=1e-4)
    told = command(["dicom", str(tmp_path / "out"), "-o", str(tmp_path / "back")])
    assert told.returncode == 0, told.stderr
    data = DICOM(tmp_path / "back" / "004-t1_MPRAGE")
    sources = {int(d.InstanceNumber): d for d in map(pydicom.dcmread, series.glob("IM*"))}
    assert [e.id for e in data.entries] == [f"1004-t1_MPRAGE_zero_filled-s{z:03d}" for z in range(4)]
    for z, entry in enumerate(data.entries):
        made, source = pydicom.dcmread(entry.path), sources[10 - z]
        assert np.allclose(made.pixel_array * float(made.RescaleSlope), wanted[z], atol=0.05)
        for name in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient",
                     "PixelSpacing", "SliceThickness", "EchoTime"):  # fmt: skip
            assert made[name].value == source[name].value
        assert made.ImageType[0] == "DERIVED" and "zero-filled" in made.DerivationDescription
        assert made.SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID != made.SOPInstanceUID
        assert made.SeriesInstanceUID != source.SeriesInstanceUID
        assert data[z].measured.geometry == DICOM(series)[z].measured.geometry
    assert len({pydicom.dcmread(e.path).SeriesInstanceUID for e in data.entries}) == 1
    (tmp_path / "none").mkdir()
    refused = command(["dicom", str(tmp_path / "none")])
    assert refused.returncode == 2 and "holds no results" in refused.stderr


def test_an_image_of_another_size_is_not_written_over_a_source(series, tmp_path):
    record = {"id": "a", "sha256": "0", "config": {"recipe": "m"}}
    with pytest.raises(DataError, match=r"IM0: it has 40 x 32 pixels, the result \(3, 3\)"):
        write_derived(tmp_path / "a.dcm", np.ones((3, 3), np.float32), series / "IM0", 0, record, 1.0)


def test_slices_whose_place_is_not_known_are_an_array(tmp_path):
    values = np.random.default_rng(0).uniform(1, 2, (3, 12, 10)).astype(np.float32)
    np.savez(tmp_path / "a.npz", image=values)
    run = command(["recon", "zero-filled", str(tmp_path / "a.npz"), "-o", str(tmp_path / "out"), "--set", "dataset.options.coils=2"])
    assert run.returncode == 0, run.stderr
    assert np.allclose(np.abs(np.load(tmp_path / "out" / "a.npy")), values, rtol=1e-4)


def test_a_volume_of_nifti_comes_back_as_it_was(tmp_path):
    affine = np.array([[0, -1.5, 0, 7], [0, 0, 2, -3], [-3, 0, 0.1, 30], [0, 0, 0, 1]])
    values = np.random.default_rng(0).uniform(1, 2, (10, 6, 8)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(values, affine), tmp_path / "a.nii")
    options = ["--set", "dataset.options.slices=0,1,3,4", "--set", "dataset.options.coils=2"]
    run = command(["recon", "zero-filled", str(tmp_path / "a.nii"), "-o", str(tmp_path / "out"), *options])
    assert run.returncode == 0, run.stderr
    image = nibabel.load(tmp_path / "out" / "a.nii.gz")
    back = np.linalg.inv(affine) @ image.affine
    for place in np.ndindex(image.shape):
        seen = image.get_fdata()[place]
        wanted = values[tuple(np.round(back @ [*place, 1])[:3].astype(int))] if place[2] != 2 else 0
        assert seen == pytest.approx(wanted, rel=1e-4)
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert record["notes"] == ["a.nii.gz: 1 of 5 slices are missing and zero"] and len(NIfTI(tmp_path / "out" / "a.nii.gz")) == 5
    assert torch.get_num_threads() == 1
