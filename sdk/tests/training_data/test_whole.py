import numpy as np
import pytest
import torch

from mridiff_sdk.fourier import fft
from mridiff_sdk.training_data.whole import WholeSource, coarse


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "pool.npy", rng.standard_normal((3, 2, 32, 32)).astype(np.float16))
    return [tmp_path / "pool.npy"]


def test_a_sample_depends_on_its_place_alone_and_keeps_the_field_of_view(files):
    source, full = WholeSource(files, 16, seed=1), WholeSource(files, 32, seed=1)
    together = source.batch(3, range(4)).truth["x"]
    assert together.shape == (4, 16, 16) and torch.equal(together[2], source.batch(3, [2]).truth["x"][0])
    k, inner = fft(full.sample(3, 2)), fft(together[2])
    torch.testing.assert_close(inner * 2, k[8:24, 8:24])  # the same frequencies; amplitudes of the image stay
    assert not torch.equal(together[2], source.sample(4, 2))


def test_coils_see_the_image_together_or_one_of_them_does(files):
    body = WholeSource(files, 16, seed=1).batch(0, range(12)).truth["x"]
    coils = WholeSource(files, 16, seed=1, seen="coils", coils=3, sets=2).batch(0, range(12)).truth["x"]
    assert coils.shape == (12, 3, 16, 16)
    torch.testing.assert_close(torch.linalg.vector_norm(coils, dim=1), body.abs())
    mixed = WholeSource(files, 16, seed=1, seen="mixed", coils=3, sets=2).batch(0, range(12)).truth["x"]
    same = (mixed == body).all((1, 2))
    assert 2 < int(same.sum()) < 10
    assert (mixed.abs() <= body.abs() * (1 + 1e-5)).all()


def test_variety_is_asked_for(files):
    """Zoomed, less is seen of the slice; a fine phase leaves magnitudes where nothing is resampled; without both all is as before."""
    plain, zoomed, rough = (
        WholeSource(files, 32, seed=1, **given).batch(0, range(8)).truth["x"] for given in ({}, {"zoom": 0.6}, {"rough": 0.5})
    )
    whole = WholeSource(files, 32, seed=1, zoom=1.0, rough=0.0).batch(0, range(8)).truth["x"]
    assert torch.equal(plain, whole) and plain.shape == zoomed.shape == rough.shape
    torch.testing.assert_close(rough.abs(), plain.abs(), atol=1e-5, rtol=1e-4)
    turned = (rough * plain.conj()).angle()[plain.abs() > 0.1]
    assert 0.05 < float(turned.std()) < 0.6
    wide, close = (WholeSource(files, 16, seed=1, zoom=zoom) for zoom in (1.0, 0.5))
    shares = [len(close.varied(0, i)) / len(wide.varied(0, i)) for i in range(12)]
    assert 0.5 <= min(shares) < 0.7 < max(shares) <= 1 and torch.isfinite(close.batch(0, range(12)).truth["x"]).all()


def test_a_coarser_image_has_the_same_intensity_and_only_the_centre_of_k_space():
    at = torch.arange(48) / 48
    wave = torch.exp(2j * torch.pi * (3 * at[:, None] + 20 * at)) + 2
    torch.testing.assert_close(coarse(wave, 24), torch.full((24, 24), 2.0 + 0j), atol=1e-5, rtol=0)
