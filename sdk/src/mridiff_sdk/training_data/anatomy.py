"""Anatomy: the heads that the weights may be trained on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One head of the data folder: how it is read and how often it is drawn.

    `path` names a NIfTI file, or an HDF5 file and, after a colon, a dataset in it. `white` is the intensity of white matter after
    division by the 99.5th percentile; intensities are expressed in it, so that one contrast curve serves every T1 volume. `noise` is
    the noise level relative to the same percentile, removed before use. `kept` is the share of k-space along x and y that was
    measured; what the scanner interpolated beyond it is cropped. The contrast "labels" stands for a map of tissues without intensities.
    `person` picks the slices of one of several in the file, named slice by slice in its dataset "patient".
    """

    path: str
    contrast: str
    white: float
    noise: float
    weight: float
    finest_mm: float
    axial_only: bool = False
    kept: float = 1.0
    person: str = ""


def clinical(contrast: str, scans: str, white: float, noise: float, weight: float, finest_mm: float) -> tuple[Source, ...]:
    """Clinical scans of thick axial slices, interpolated by the scanner; `scans` are names such as 01_study1."""
    place = f"ms_t1_t2_flair/{contrast}_raw.h5:patient"
    return tuple(Source(place + scan, contrast, white, noise, weight, finest_mm, axial_only=True, kept=0.67) for scan in scans.split())


SOURCES: tuple[Source, ...] = (
    Source("t1_mprage_child/t1.nii.gz", "t1", white=0.45, noise=0.013, weight=0.14, finest_mm=0.75),
    Source("t1_t2_pair/t1.nii.gz", "t1", white=0.72, noise=0.018, weight=0.13, finest_mm=0.9),
    Source("t1_t2_pair/t2.nii.gz", "t2", white=0.30, noise=0.010, weight=0.10, finest_mm=0.7, axial_only=True, kept=0.5),
    Source("brain_templates/colin27_t1.nii.gz", "t1", white=0.85, noise=0.0, weight=0.06, finest_mm=0.85),
    Source("brain_templates/mni152_2009_t1.nii.gz", "t1", white=0.80, noise=0.0, weight=0.02, finest_mm=1.4),
    Source("t1_fieldmap_dwi_same_subject/t1.nii.gz", "t1", white=0.30, noise=0.012, weight=0.02, finest_mm=1.7),
    Source("flair_stroke/FLAIR.nii.gz", "flair", white=0.65, noise=0.0, weight=0.02, finest_mm=0.9),
    *clinical("t2", "01_study1 01_study2 03_study1 03_study2", white=0.32, noise=0.012, weight=0.045, finest_mm=0.8),
    *clinical("flair", "01_study1 01_study2 03_study1 03_study2 09_study2 19_study1 19_study2", 0.63, 0.02, weight=0.007, finest_mm=0.95),
    *clinical("t1", "01_study1 01_study2 03_study2 19_study2", white=0.4, noise=0.008, weight=0.008, finest_mm=1.25),
    *(Source(f"brain_label_maps/labels.h5:head{i:02}", "labels", white=1.0, noise=0.0, weight=0.02, finest_mm=0.9) for i in range(1, 15)),
)
"""Everything the shipped weights have seen. Folders without a clear licence, and every folder used for measuring, are absent on purpose;
so are, for tests of weights on heads that they have not seen, patient 12 of the clinical scans and heads 15 and 16 of the label maps."""

PEOPLE = (
    "HF-I-02 HF-I-04 HF-I-05 HF-I-06 HF-I-07 HF-I-08 HF-I-10 HF-I-12 HF-NI-03 HF-NI-04 HF-NI-07 HF-NI-11 HF-NI-13 HF-NI-15 HF-NI-31 "
    "HF-NI-33 HF-NI-34 HYP-01 HYP-03 HYP-06 HYP-08 HYP-10 HYP-11 HYP-12 HYP-37 HYP-38 N-03 N-05 N-06 N-07 N-10 N-11"
)
HEARTS: tuple[Source, ...] = tuple(
    Source("cardiac_ed_es_45patients/scd.h5:magnitude_uint8", "bssfp", 0.5, 0.015, 1.0, 0.9, axial_only=True, person=f"SC-{name}")
    for name in PEOPLE.split()
)
"""Short-axis slices of hearts, the size of whose pixels is not told and stands for 1 mm; `HELD_OUT_HEARTS` are the other people."""
HELD_OUT_HEARTS = tuple(f"SC-{name}" for name in ("HF-I-09", "HF-I-40", "HF-NI-12", "HF-NI-36", "HYP-09", "HYP-40", "N-09", "N-40"))
ANATOMY = {"brain": SOURCES, "heart": HEARTS}


def summary(anatomy: str = "brain") -> str:
    """The files of one part of `ANATOMY` and how many scans or label maps each gives, in a line."""
    files = Counter(source.path.partition(":")[0] for source in ANATOMY[anatomy])
    return f"{anatomy}: {len(ANATOMY[anatomy])} scans or label maps: {', '.join(f'{name} ({n})' for name, n in files.items())}"
