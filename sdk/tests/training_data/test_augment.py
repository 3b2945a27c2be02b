import numpy as np
import pytest

from mridiff_sdk.training_data import augment
from mridiff_sdk.training_data.slices import smooth_field


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def head(size: int = 48) -> np.ndarray:
    at = np.linspace(-1, 1, size)
    radius = np.hypot(at[:, None], at)
    return np.select([radius < 0.3, radius < 0.6, radius < 0.75], [0.28, 0.66, 1.0], 0.0).astype(np.float32)


@pytest.mark.parametrize("name", ["shading", "phase"])
def test_fields_depend_on_the_seed_alone(name: str) -> None:
    make = getattr(augment, name)
    assert np.array_equal(make(32, rng(5)), make(32, rng(5)))
    assert not np.array_equal(make(32, rng(5)), make(32, rng(6)))


def test_air_stays_dark_in_every_contrast() -> None:
    for seed in range(40):
        out = augment.recontrast(head(), "t1", rng(seed))
        assert out[0, 0] == 0 and out.min() >= 0 and np.isfinite(out).all()


def test_fluid_turns_brighter_than_white_matter_in_some_and_darker_in_others() -> None:
    ratios = [float(x[24, 24] / x[24, 7]) for x in (augment.recontrast(head(), "t1", rng(s)) for s in range(40))]
    assert sum(r > 1.2 for r in ratios) >= 8 and sum(r < 0.8 for r in ratios) >= 8


def test_shading_is_positive_and_phase_has_unit_modulus() -> None:
    for seed in range(10):
        assert augment.shading(32, rng(seed)).min() > 0
        np.testing.assert_allclose(np.abs(augment.phase(32, rng(seed))), 1, atol=1e-6)


def test_lesions_sit_in_the_head_and_spare_most_slices() -> None:
    inside = head(128) > 0
    changes = [np.abs(augment.lesions(head(128), rng(s)) - head(128)) for s in range(60)]
    touched = [d for d in changes if d.max() > 0.05]
    assert 3 <= len(touched) <= 20
    assert np.mean([d[inside].mean() for d in touched]) > 2 * np.mean([d[~inside].mean() for d in touched])


def test_a_window_removes_the_edge_of_k_space_only() -> None:
    x = (rng().standard_normal((32, 32)) + 0j).astype(np.complex64)
    results = [augment.window(x, rng(s)) for s in range(30)]
    changed = [r for r in results if not np.array_equal(r, x)]
    assert 4 <= len(changed) <= 18
    for r in changed:
        k, before = np.fft.fftshift(np.fft.fft2(r)), np.fft.fftshift(np.fft.fft2(x))
        np.testing.assert_allclose(k[12:20, 12:20], before[12:20, 12:20], atol=1e-3)
        assert np.abs(k[0, 0]) < 0.6 * np.abs(before[0, 0])


def test_scale_is_the_99th_percentile() -> None:
    x = augment.normalise((head() * 7).astype(np.complex64))
    assert np.percentile(np.abs(x), 99) == pytest.approx(1)
    assert np.array_equal(augment.normalise(np.zeros((4, 4), np.complex64)), np.zeros((4, 4), np.complex64))


def test_smooth_fields_are_smooth_and_of_unit_size() -> None:
    fields = [smooth_field(rng(s), 64, 3) for s in range(30)]
    assert 0.5 < np.std(fields) < 1.6
    assert max(np.abs(np.diff(f, axis=0)).max() for f in fields) < 0.4
