"""Derived: results written back as DICOM series, each image with the patient, study and place of the image that it was made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from mridiff.errors import DataError, boundary
from mridiff_sdk.io import open_hdf5

from .dicom import DICOM
from .files import Entry
from .series import images, library

__all__ = ["dicom"]

KEPT = ["PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "PatientWeight", "PatientIdentityRemoved",
        "DeidentificationMethod", "StudyInstanceUID", "StudyID", "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber",
        "ReferringPhysicianName", "FrameOfReferenceUID", "PositionReferenceIndicator", "BodyPartExamined", "PatientPosition",
        "ScanningSequence", "SequenceVariant", "ScanOptions", "MRAcquisitionType", "RepetitionTime", "EchoTime", "EchoTrainLength",
        "EchoNumbers", "InversionTime", "FlipAngle", "MagneticFieldStrength", "SliceThickness", "SpacingBetweenSlices", "SliceLocation",
        "AcquisitionNumber", "InstanceNumber"]  # fmt: skip
"""What an image derived from another has in common with it: whose it is, where it lies, how it was measured."""

GREY = 2**16 - 1


def dicom(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of a run of `mridiff recon`.")],
    like: Annotated[Path | None, typer.Option("--like", help="The DICOM files that it was made from; where they lay if not given.")] = None,
    to: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for the images; OUT/dicom if not given.")] = None,
) -> None:
    """Write results as DICOM series that are marked as derived, with the patient, study and place of their source."""
    records = results(out)
    path = like or Path(str(records[0][1]["config"]["dataset"]["options"].get("path", "")))
    sources = {e.id: e for e in DICOM(path).entries if e.error is None}
    made = [(folder, record, sources[record["id"]]) for folder, record in records if record["id"] in sources]
    if not made:
        raise DataError(f"{out}: none of its {len(records)} results was made from an image in {path}",
                        hint="Name the folder of the DICOM files by --like; ids of scans and images must be the same.")  # fmt: skip
    volumes: dict[str, list[tuple[Path, Mapping[str, Any], Entry]]] = {}
    for item in made:
        volumes.setdefault(item[2].volume, []).append(item)
    for name, items in volumes.items():
        folder = (to or out / "dicom") / name
        folder.mkdir(parents=True, exist_ok=True)
        peak = max(float(_image(place).max()) for place, _, _ in items)
        for place, record, entry in items:
            write_derived(folder / f"{entry.id}.dcm", _image(place), entry.path, entry.index, record, peak)
        typer.echo(f"{folder}: {len(items)} images")
    if len(made) < len(records):
        typer.echo(f"note: {len(records) - len(made)} results were made from no image in {path}", err=True)


def results(out: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The folders of the results in that of a run, and what their records say; raises DataError where there are none."""
    found = []
    for path in sorted(out.glob("*/record.json")):
        with boundary(f"{path}: it cannot be read"):
            record = json.loads(path.read_bytes())
            found.append((path.parent, {"id": record["id"], "config": record["config"], "sha256": record["sha256"]}))
    if not found:
        raise DataError(f"{out} holds no results", hint="Name the folder that `mridiff recon -o` wrote.")
    return found


def _image(folder: Path) -> NDArray[np.float32]:
    path = folder / "reconstruction.h5"
    with open_hdf5(path) as file:
        values = file.read("reconstruction")
    return np.asarray(np.abs(values), dtype=np.float32)


def write_derived(path: Path, image: NDArray[np.float32], source: Path, frame: int, record: Mapping[str, Any], peak: float) -> None:
    """One image (y, x) as DICOM, derived from `frame` of `source`; values up to `peak` are stored as 16 bits with a slope.

    Raises DataError where the source cannot be read, or has another size.
    """
    with library(source) as pydicom:
        head = pydicom.dcmread(source, stop_before_pixels=True)
        if (int(head.Rows), int(head.Columns)) != image.shape:
            raise DataError(f"{source}: it has {head.Rows} x {head.Columns} pixels, the result {image.shape}")
        made = pydicom.Dataset()
        made.update({tag: head[tag] for tag in map(pydicom.datadict.tag_for_keyword, KEPT) if tag in head})
        _place(made, source, frame)
        _mark(made, head, frame, record, pydicom)
        made.SeriesInstanceUID = pydicom.uid.generate_uid(
            entropy_srcs=[json.dumps(record["config"], sort_keys=True), str(head.SeriesInstanceUID), path.parent.name]
        )
    made.Rows, made.Columns = image.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 0
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "0", text(peak / GREY if peak > 0 else 1.0), "US"
    made.PixelData = np.clip(np.round(image / float(made.RescaleSlope)), 0, GREY).astype("<u2").tobytes()
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    with boundary(f"{path}: it cannot be written"):
        made.save_as(path, enforce_file_format=True)


def _mark(made: Any, head: Any, frame: int, record: Mapping[str, Any], pydicom: Any) -> None:
    """What says that the image is derived, by what and from which image."""
    method = str(record["config"].get("recipe") or record["config"]["sampler"]["use"]).rpartition("/")[-1]
    made.SOPClassUID = pydicom.uid.MRImageStorage
    made.SOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=[record["sha256"], record["id"]])
    made.Modality, made.Manufacturer, made.SoftwareVersions = "MR", "mridiff", f"mridiff {method}"[:64]
    made.SeriesNumber = (int(head.get("SeriesNumber") or 0) + 1000) % 10_000
    made.SeriesDescription = f"{head.get('SeriesDescription') or 'series'} {method}"[:64]
    made.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    made.DerivationDescription = f"{method}: reconstructed from undersampled k-space that was simulated of the source image. Research use."
    origin = pydicom.Dataset()
    origin.ReferencedSOPClassUID, origin.ReferencedSOPInstanceUID = head.SOPClassUID, head.SOPInstanceUID
    if int(head.get("NumberOfFrames") or 1) > 1:
        origin.ReferencedFrameNumber = made.InstanceNumber = frame + 1
    made.SourceImageSequence = [origin]


def _place(made: Any, source: Path, frame: int) -> None:
    """Where the image lies, as the header of its source says of the frame."""
    image = images(source)[frame]
    made.PixelSpacing = [text(v) for v in image.spacing]
    made.SliceThickness = text(image.thickness)
    if image.position is not None and image.orientation is not None:
        made.ImagePositionPatient = [text(v) for v in image.position]
        made.ImageOrientationPatient = [text(v) for v in image.orientation]


def text(value: float) -> str:
    """A number in the at most 16 letters that the format allows."""
    return f"{value:.9g}"
