import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from mridiff_sdk.held_out import SUBJECTS, image, numbers, place
from mridiff_sdk.training_data.anatomy import ANATOMY


def test_no_held_out_subject_is_in_any_pool() -> None:
    """By person, not by scan: no other date or contrast of a held-out subject either, and no other slice of a held-out file."""
    trained = {(source.path.split("/")[0], who) for sources in ANATOMY.values() for source in sources
               for who in [source.person or source.path, *re.findall("patient[0-9]+", source.path)]}  # fmt: skip
    folders = {folder for folder, _ in trained}
    assert {"ms_t1_t2_flair", "cardiac_ed_es_45patients"} <= folders  # they are told apart by person, the others by folder
    for source, subjects in SUBJECTS.items():
        for subject in subjects:
            folder = place(source, subject)[0].split("/")[0]
            assert (folder, subject) not in trained and (source in {"t1", "t2-clinical", "flair", "heart"} or folder not in folders)


def test_slices_are_spread_evenly_over_the_head_of_their_subject(tmp_path: Path) -> None:
    path = tmp_path / place("t2", "B")[0].partition(":")[0]
    path.parent.mkdir()
    values = np.random.default_rng(0).integers(-500, 500, (26, 16, 16, 2)).astype(np.int16)
    with h5py.File(path, "w") as f:
        f["image_int16"], f["subject"] = values, [b"A"] * 6 + [b"B"] * 20
    assert numbers(tmp_path, "t2", "B", 4) == [2, 7, 12, 17]
    assert numbers(tmp_path, "t2", "A", 100) == list(range(6))  # all there are
    x = image(tmp_path, "t2", "B", 7, 16).numpy()
    stored = values[6 + 7, ..., 0] + 1j * values[6 + 7, ..., 1]
    assert x == pytest.approx(stored / np.quantile(np.abs(stored), 0.99), abs=1e-4)


def test_clinical_heads_are_taken_from_the_middle_and_lose_what_the_scanner_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "ms_t1_t2_flair" / "flair_raw.h5"
    path.parent.mkdir()
    with h5py.File(path, "w") as f:
        f["patient12_study1"] = np.random.default_rng(0).integers(0, 900, (40, 30, 30)).astype(np.uint16)
    found = numbers(tmp_path, "flair", "patient12", 100)
    assert found == list(range(12, 32))
    assert image(tmp_path, "flair", "patient12", 12, 20).shape == (20, 20)  # of 30 pixels 67 % were measured
