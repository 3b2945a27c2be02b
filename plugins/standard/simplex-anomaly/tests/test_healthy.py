from pathlib import Path

import h5py
import numpy as np
import pytest

from mridiff_sdk.io import open_hdf5
from mridiff_sdk.training import Run
from mridiff_simplex_anomaly.dataset import EMBEDDED
from mridiff_simplex_anomaly.healthy import HealthySource, Slices, axial, brain
from mridiff_simplex_anomaly.prior import P99

LABELS = np.array([0, 2, 3, 24, 41, 25, 507, 515])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A ball of white matter with a lesion in grey matter in fluid in bone in soft tissue."""
    out = tmp_path_factory.mktemp("maps")
    (out / "brain_label_maps").mkdir()
    grid = np.stack(np.meshgrid(*(np.linspace(-1.1, 1.1, n) for n in (120, 140, 120)), indexing="ij"))
    radius = np.sqrt((grid**2).sum(0))
    tissue = np.select([radius < 0.15, radius < 0.5, radius < 0.65, radius < 0.7, radius < 0.8, radius < 1.0], [5, 1, 2, 3, 7, 6], 0)
    with h5py.File(out / "brain_label_maps" / "labels.h5", "w") as f:
        f["labels"] = LABELS.astype(np.int32)
        for name in ("head01", "head02"):
            f[name] = tissue.astype(np.uint8)
            f[name].attrs["affine"] = np.eye(4)
    return out


def test_a_head_is_its_brain_without_lesions(folder):
    head = brain(folder, 1)
    assert set(np.unique(head.tissue)) == {0, 1, 2, 3}
    assert head.tissue[60, 70, 60] == 1  # where the lesion was
    assert 120 * 0.3 / 1.1 < head.extent[0][1] - head.extent[0][0] < 120 * 0.75 / 1.1


def test_slices_look_like_flair_and_are_set_in_air(folder):
    for seed in range(6):
        x = axial(brain(folder, 1), np.random.default_rng(seed), 64)
        assert x.shape == (64, 64) and np.quantile(x, 0.99) == pytest.approx(1, abs=1e-4) and x.min() >= 0
        assert x[:4].max() == 0 and (x > 0.3).mean() > 0.02


def test_slices_depend_on_seed_and_number_alone_and_are_kept(folder, tmp_path):
    few, many = Slices((1, 2), 3, 48), Slices((1, 2), 5, 48)
    drawn = few.drawn(folder)
    assert np.array_equal(drawn, many.drawn(folder)[:3]) and not np.array_equal(drawn, Slices((1, 2), 3, 48, seed=1).drawn(folder))
    run = Run(tmp_path, folder)
    assert np.abs(few.kept(run) - drawn).max() < 1e-3
    (file,) = run.cache.iterdir()
    made = file.stat().st_mtime_ns
    assert np.array_equal(few.kept(run), few.kept(run)) and file.stat().st_mtime_ns == made
    assert few.key(folder) != many.key(folder) != few.key(Path("elsewhere"))


def test_batches_depend_on_update_and_place_alone():
    slices = np.random.default_rng(0).random((7, 16, 16)).astype(np.float32)
    source = HealthySource(slices, P99, 0)
    whole = source.batch(3, [0, 1, 2, 3]).truth["x"]
    assert np.array_equal(whole[2:], source.batch(3, [2, 3]).truth["x"])
    assert not np.array_equal(whole, source.batch(4, [0, 1, 2, 3]).truth["x"])
    assert whole.min() >= 0 and whole.max() <= 1.1 * P99


def test_the_slices_that_come_with_the_package_are_drawn_from_the_label_maps(real_data):
    with open_hdf5(EMBEDDED) as f:
        shipped = f.read("slices")
    assert np.abs(Slices((15, 16), 2, seed=2).drawn(real_data) - shipped[:2]).max() < 2e-3
