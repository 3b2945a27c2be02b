from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from mridiff_sdk.training_data.anatomy import Source
from mridiff_sdk.training_data.labels import RANGES, TISSUES, LabelMap, draw_contrast, load_map
from mridiff_sdk.training_data.pool import load_heads, sample

LABELS = np.array([0, 2, 3, 24, 41, 42, 507, 515])
SOURCE = Source("labels.h5:head01", "labels", 1.0, 0.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ball of white matter in grey matter in fluid in bone in soft tissue, air around it."""
    out = tmp_path_factory.mktemp("maps")
    grid = np.stack(np.meshgrid(*(np.linspace(-1.1, 1.1, n) for n in (60, 64, 60)), indexing="ij"))
    radius = np.sqrt((grid**2).sum(0))
    tissue = np.select([radius < 0.4, radius < 0.6, radius < 0.7, radius < 0.8, radius < 1.0], [1, 2, 3, 7, 6], 0)
    with h5py.File(out / "labels.h5", "w") as f:
        f["labels"], f["head01"] = LABELS.astype(np.int32), tissue[::-1].astype(np.uint8)
        f["head01"].attrs["affine"] = np.diag([-1.0, 1.0, 1.0, 1.0])
    return out


@pytest.fixture(scope="module")
def head(folder: Path) -> LabelMap:
    return load_map(folder, SOURCE)


def plane(z: float, size: int = 60) -> np.ndarray:
    return np.stack([*np.meshgrid(np.arange(size, dtype=float), np.arange(size, dtype=float), indexing="ij"), np.full((size, size), z)])


def test_a_contrast_is_drawn_for_each_slice_and_the_shapes_stay(head: LabelMap) -> None:
    rings = [head.tissue[:60, :60, 30] == i for i in range(len(LABELS))]
    images = [head.at(plane(30), np.random.default_rng(seed)) for seed in range(40)]
    assert np.array_equal(images[3], head.at(plane(30), np.random.default_rng(3)))
    means = np.array([[image[ring].mean() for ring in rings if ring.any()] for image in images])
    assert (means[:, 0] < 0.1 * means.max(1)).all()  # air
    white, grey, fluid = means[:, 1], means[:, 2], means[:, 3]
    assert 10 < int((fluid > 1.3 * white).sum()) < 38 and int((fluid < 0.7 * white).sum()) > 2
    assert np.std(white / grey) > 0.2


def test_a_head_may_be_drawn_in_one_contrast_alone(head: LabelMap) -> None:
    flair = replace(head, shares={"flair": 1.0})
    white, grey, fluid = (head.tissue[:60, :60, 30] == i for i in (1, 2, 3))
    images = [flair.at(plane(30), np.random.default_rng(seed)) for seed in range(20)]
    assert all(image[fluid].mean() < image[white].mean() and image[fluid].mean() < image[grey].mean() for image in images)


def test_borders_are_partial_volumes(head: LabelMap) -> None:
    """Half way between two voxels of different tissues stands their mean: places between voxels are interpolated, not rounded."""
    between = [len(np.unique(np.round(head.at(plane(30), np.random.default_rng(s)), 2))) for s in range(3)]
    assert min(between) > 2 * len(LABELS)
    outside = head.at(plane(200), np.random.default_rng(0))
    assert outside.shape == (60, 60) and not outside.any()


def test_parts_of_one_tissue_look_alike_but_not_the_same() -> None:
    """Left and right white matter (2, 41), left and right cortex (3, 42)."""
    for seed in range(20):
        intensities, grains = draw_contrast(LABELS, np.random.default_rng(seed))
        for left, right in ((1, 4), (2, 5)):
            assert intensities[left] != intensities[right] and intensities[left] == pytest.approx(intensities[right], rel=0.4)
            assert grains[left] == grains[right]
        assert intensities[0] == grains[0] == 0 and (intensities[1:] >= 0).all()


def test_every_contrast_knows_every_tissue_and_no_label_is_named_twice() -> None:
    assert all(ranges.keys() == TISSUES.keys() for ranges in RANGES.values())
    named = [label for members in TISSUES.values() for label in members]
    assert len(named) == len(set(named)) and 0 not in named


def test_slices_of_a_map_go_the_way_of_all_others(folder: Path, head: LabelMap) -> None:
    assert head.voxel_mm == (1, 1, 1) and head.extent[0][0] > 0
    heads = load_heads(folder, (SOURCE,))
    x = sample(heads, 0, 1, 48)
    assert x.dtype == np.complex64 and np.percentile(np.abs(x), 99) == pytest.approx(1, abs=1e-3)
    assert np.array_equal(x, sample([head], 0, 1, 48))
