"""Series: the images of DICOM files, sorted into stacks of slices by their headers; no pixel is read, and nothing about the subject."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import MissingPackage, boundary
from mridiff.interfaces import Geometry

from .files import DAMAGED, refuse

TAGS = ["Modality", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "InstanceNumber", "ImageType",
        "EchoNumbers", "Rows", "Columns", "SamplesPerPixel", "NumberOfFrames", "BitsAllocated", "PixelSpacing", "SliceThickness",
        "ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "RescaleIntercept", "SharedFunctionalGroupsSequence",
        "PerFrameFunctionalGroupsSequence"]  # fmt: skip
"""What is read of a header: nothing that names a person or a day."""

MOST_FRAMES = 10_000
NEAR = 1e-3
"""Millimetres, and parts of a direction, within which places are the same."""


@dataclass(frozen=True)
class Image:
    """One image: a file and the frame in it, its place and size, what its stored numbers mean, and the stack that it belongs to."""

    path: Path
    frame: int
    number: int
    key: tuple[Any, ...]
    name: str
    size: tuple[int, int]
    spacing: tuple[float, float]
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    thickness: float
    slope: float
    intercept: float
    phase: bool

    @property
    def along(self) -> float:
        """How far along the normal of its plane it lies, in mm; its number where its place is not known."""
        if self.position is None or self.orientation is None:
            return float(self.number)
        return float(np.dot(self.normal, self.position))

    @property
    def normal(self) -> NDArray[np.float64]:
        """The normal of its plane, to the left, back and head of the patient."""
        assert self.orientation is not None
        return np.cross(self.orientation[:3], self.orientation[3:])

    def geometry(self) -> Geometry:
        """Voxel size in mm along (y, x), and the affine (RAS) where the place is known; rows of the image run along x."""
        dy, dx = self.spacing
        if self.position is None or self.orientation is None:
            return Geometry((dy, dx))
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1] = np.multiply(self.orientation[:3], dx), np.multiply(self.orientation[3:], dy)
        affine[:3, 2], affine[:3, 3] = self.normal * self.thickness, self.position
        affine[:2] *= -1  # left to right, back to front
        return Geometry((dy, dx), tuple(tuple(float(v) for v in row) for row in affine))


@contextmanager
def library(path: Path) -> Iterator[Any]:
    """The format's own library, quiet; what it raises is one error about `path`. Raises MissingPackage where it is not installed."""
    try:
        import pydicom
    except ImportError as error:
        raise MissingPackage(
            f"{path} is a DICOM file, and pydicom is not installed", hint="pip install 'mridiff-datasets[dicom]'"
        ) from error
    validated = pydicom.config.settings.reading_validation_mode
    with boundary(f"{path}: it cannot be read as DICOM", DAMAGED), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
        try:
            yield pydicom
        finally:
            pydicom.config.settings.reading_validation_mode = validated


def images(path: Path) -> list[Image]:
    """The images of a file, by its header; raises DataError naming all that is wrong with it."""
    with library(path) as pydicom:
        head = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=TAGS)
        refuse(path, _problems(head, pydicom))
        count = int(head.get("NumberOfFrames") or 1)
        frames = head.get("PerFrameFunctionalGroupsSequence") or [None] * count
        shared = (head.get("SharedFunctionalGroupsSequence") or [None])[0]
        found = [_image(head, path, i, (frames[i], shared)) for i in range(min(count, len(frames)))]
    bad = {words for image in found for words in _out_of_place(image)}
    refuse(path, sorted(bad))
    return found


def _problems(head: Any, pydicom: Any) -> list[str]:
    syntax = head.file_meta.get("TransferSyntaxUID")
    rows, columns, frames = (int(head.get(n) or 0) for n in ("Rows", "Columns", "NumberOfFrames"))
    problems = []
    if syntax is None or syntax.is_deflated:
        problems.append(f"its transfer syntax {syntax} is not read; write it anew, as `gdcmconv --raw in.dcm out.dcm`")
    elif syntax.is_compressed and not pydicom.pixels.get_decoder(syntax).is_available:
        problems.append(f"its pixels are compressed as {syntax.name}, which needs another library; pip install pylibjpeg pylibjpeg-libjpeg "
                        "pylibjpeg-openjpeg, or write it anew, as `gdcmconv --raw in.dcm out.dcm`")  # fmt: skip
    if not 0 < rows < 2**16 or not 0 < columns < 2**16 or not 0 <= frames <= MOST_FRAMES:
        problems.append(f"it holds no image that could be read: {frames} frames of {rows} x {columns} pixels")
    if int(head.get("SamplesPerPixel") or 1) != 1:
        problems.append(f"its pixels have {head.SamplesPerPixel} colours; only grey values are read")
    return problems


def _image(head: Any, path: Path, frame: int, groups: tuple[Any, Any]) -> Image:
    def value(name: str, group: str) -> Any:
        for functional in groups:
            inner = (functional.get(group) if functional is not None else None) or [None]
            if inner[0] is not None and inner[0].get(name) is not None:
                return inner[0].get(name)
        return head.get(name)

    def numbers(name: str, group: str, count: int) -> tuple[float, ...] | None:
        found = value(name, group)
        return tuple(float(v) for v in found) if found is not None and not isinstance(found, str) and len(found) == count else None

    orientation = numbers("ImageOrientationPatient", "PlaneOrientationSequence", 6)
    spacing = numbers("PixelSpacing", "PixelMeasuresSequence", 2) or (1.0, 1.0)
    kind = [str(v).upper() for v in head.get("ImageType") or []]
    rounded = None if orientation is None else tuple(round(v, 3) for v in orientation)
    echo = str(head.get("EchoNumbers") or "")
    key = (str(head.get("SeriesInstanceUID") or ""), rounded, int(head.Rows), int(head.Columns), "\\".join(kind[2:3]), echo)
    slope, intercept = (value(name, "PixelValueTransformationSequence") for name in ("RescaleSlope", "RescaleIntercept"))
    number, words = head.get("SeriesNumber"), re.sub(r"[^A-Za-z0-9]+", "_", str(head.get("SeriesDescription") or "")[:40]).strip("_")
    name = "-".join(filter(None, (f"{int(number):03d}" if number not in {None, ""} else "", words))) or "series"
    return Image(path, frame, int(head.get("InstanceNumber") or 0) + frame, key, name, (int(head.Rows), int(head.Columns)),
                 (spacing[0], spacing[1]), numbers("ImagePositionPatient", "PlanePositionSequence", 3), orientation,
                 float(value("SliceThickness", "PixelMeasuresSequence") or 1), float(_or(slope, 1)), float(_or(intercept, 0)),
                 bool({"P", "PHASE", "PHASE MAP", "I", "IMAGINARY", "R", "REAL"} & set(kind[2:])))  # fmt: skip


def _or(value: Any, other: float) -> Any:
    return other if value is None or value == "" else value


def _out_of_place(image: Image) -> Iterator[str]:
    values = (*image.spacing, image.thickness, image.slope, image.intercept, *(image.position or ()), *(image.orientation or ()))
    if not np.isfinite(values).all() or min(image.spacing) <= 0 or image.slope == 0:
        yield f"its pixels are {image.spacing} mm apart, with slope {image.slope} and intercept {image.intercept}; all must be finite"
    elif image.orientation is not None:
        frame = np.reshape(image.orientation, (2, 3))
        if not np.allclose(frame @ frame.T, np.eye(2), atol=1e-2):
            yield f"its rows and columns run along {image.orientation}, which are not two directions at a right angle"


def stacks(found: Sequence[Image]) -> dict[str, list[Image]]:
    """The slices of every volume, by its name, in order along the normal; a place that is there several times makes several volumes."""
    groups: dict[tuple[Any, ...], list[Image]] = {}
    for image in found:
        groups.setdefault(image.key, []).append(image)
    names = [group[0].name for group in groups.values()]
    made: dict[str, list[Image]] = {}
    for place, group in enumerate(groups.values()):
        name = names[place] if names.count(names[place]) == 1 else f"{names[place]}-n{names[:place].count(names[place])}"
        ordered = sorted(group, key=lambda i: (i.along, i.number, i.frame))
        times: dict[int, list[Image]] = {}
        count, last = 0, None
        for image in ordered:
            count = count + 1 if last is not None and abs(image.along - last) < NEAR else 0
            times.setdefault(count, []).append(image)
            last = image.along
        for time, volume in times.items():
            made[name if len(times) == 1 else f"{name}-v{time:03d}"] = volume
    return made
