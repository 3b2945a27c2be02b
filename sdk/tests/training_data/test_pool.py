from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mridiff_sdk.training_data import pool
from mridiff_sdk.training_data.anatomy import ANATOMY, HEARTS, HELD_OUT_HEARTS, SOURCES, Source
from mridiff_sdk.training_data.pool import PoolConfig, build, load_heads, sample
from mridiff_sdk.training_data.slices import Head
from mridiff_sdk.training_data.source import PoolSource

HEADS = (Source("head.nii.gz", "t1", 0.7, 0.01, 0.7, 0.9), Source("flat.nii.gz", "t2", 0.3, 0.0, 0.3, 0.9, axial_only=True, kept=0.5))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two ellipsoids with an inside: one isotropic, one of thick axial slices."""
    out = tmp_path_factory.mktemp("heads")
    for name, shape, zooms in (("head", (40, 48, 40), (4, 4, 4)), ("flat", (80, 96, 10), (2, 2, 16))):
        grid = np.stack(np.meshgrid(*(np.linspace(-1.2, 1.2, n) for n in shape), indexing="ij"))
        radius = np.sqrt((grid**2).sum(0))
        image = np.select([radius < 0.4, radius < 1.0], [300, 700], 0).astype(np.int16)
        nib.save(nib.Nifti1Image(image, np.diag([*zooms, 1.0])), out / f"{name}.nii.gz")
    return out


@pytest.fixture(scope="module")
def heads(folder: Path) -> list[Head]:
    return load_heads(folder, HEADS)


def test_a_slice_depends_on_seed_and_index_alone(heads: list[Head]) -> None:
    assert np.array_equal(sample(heads, 3, 5, 48), sample(heads, 3, 5, 48))
    assert not np.array_equal(sample(heads, 3, 5, 48), sample(heads, 3, 6, 48))
    assert not np.array_equal(sample(heads, 3, 5, 48), sample(heads, 4, 5, 48))


def test_slices_are_scaled_finite_and_not_empty(heads: list[Head]) -> None:
    for index in range(12):
        x = sample(heads, 0, index, 48)
        assert x.shape == (48, 48) and x.dtype == np.complex64 and np.isfinite(x).all()
        assert np.percentile(np.abs(x), 99) == pytest.approx(1, abs=1e-3)


def test_parts_change_nothing_and_the_cache_is_used(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "load_heads", lambda data, sources: load_heads(data, HEADS))
    config = PoolConfig(count=4, size=32, seed=1)
    whole = np.load(build(config, folder, tmp_path))
    halves = [np.load(build(config, folder, tmp_path, part, 2)) for part in range(2)]
    assert np.array_equal(whole[0::2], halves[0]) and np.array_equal(whole[1::2], halves[1])
    monkeypatch.setattr(pool, "load_heads", None)  # a second call must not read anything
    assert np.array_equal(np.load(build(config, folder, tmp_path)), whole)
    others = [PoolConfig(count=4, size=32, seed=2), PoolConfig(count=4, size=32, seed=1, anatomy="heart")]
    assert len({c.key(folder) for c in (config, *others)}) == 3


def test_a_pool_of_other_files_is_another(tmp_path: Path) -> None:
    """The same names with other content: what was cached must not be taken for it, and weights say which it was."""
    file = tmp_path / SOURCES[0].path
    file.parent.mkdir(parents=True)
    keys = [PoolConfig().key(tmp_path)]
    for content in (b"one head", b"another!"):
        file.write_bytes(content)
        keys.append(PoolConfig().key(tmp_path))
    assert len(set(keys)) == 3 and f"pool {keys[-1]}" in PoolConfig().said(tmp_path)


def test_batches_depend_on_seed_update_and_place(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "load_heads", lambda data, sources: load_heads(data, HEADS))
    source = PoolSource([build(PoolConfig(6, 32), folder, tmp_path)], crop=24, seed=2)
    both = source.batch(7, range(4)).truth["x"]
    assert both.shape == (4, 24, 24) and both.is_complex()
    assert np.array_equal(source.batch(7, range(2, 4)).truth["x"], both[2:])
    assert not np.array_equal(source.batch(8, range(4)).truth["x"], both)


def test_nothing_measured_on_is_trained_on() -> None:
    """Folders without a clear licence, the demonstration scan and all evaluation data stay out of the shipped weights."""
    barred = {"siat_t2_complex", "multicoil_kspace", "single_coil_brain", "t2star_multiecho_brain", "t1map_ir_brain", "cine_rat",
              "multiecho_complex_cardiac", "pet_t1_t2_pd_templates"}  # fmt: skip
    assert not barred & {s.path.split("/")[0] for s in (*SOURCES, *HEARTS)}


def test_people_kept_for_measuring_are_in_no_source() -> None:
    """Split by person: every scan of patient 12, and two heads of the label maps, are left for tests of the weights."""
    assert not [s.path for s in SOURCES if "patient12" in s.path or s.path.endswith(("head15", "head16"))]
    assert len({s.path for s in SOURCES}) == len(SOURCES)
    people = [s.person for s in HEARTS]
    assert len({*people, *HELD_OUT_HEARTS}) == 40 == len(people) + len(HELD_OUT_HEARTS)


def test_notes_name_every_file_of_the_data_once() -> None:
    for anatomy, sources in ANATOMY.items():
        text = PoolConfig(count=7, anatomy=anatomy).said(Path("nowhere"))
        assert anatomy in text and "7 slices" in text
        assert all(text.count(name) == 1 for name in {s.path.partition(":")[0] for s in sources})


def test_grain_is_noise_of_the_stated_size(tmp_path: Path) -> None:
    np.save(tmp_path / "empty.npy", np.zeros((2, 2, 64, 64), np.float16))
    clean = PoolSource([tmp_path / "empty.npy"], 64).batch(0, range(20)).truth["x"]
    assert not clean.any()
    levels = PoolSource([tmp_path / "empty.npy"], 64, grain=0.03).batch(0, range(40)).truth["x"].abs().square().mean((1, 2)).sqrt()
    assert 0.0028 < levels.min() < 0.006 and 0.02 < levels.max() < 0.031
