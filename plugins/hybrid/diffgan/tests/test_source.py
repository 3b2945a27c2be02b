import numpy as np
import pytest
import torch

from mridiff_diffgan.source import PairSource
from mridiff_sdk.fourier import fft


@pytest.fixture
def files(tmp_path):
    at = np.linspace(-1, 1, 48)
    head = np.where(np.hypot(at[:, None], at) < 0.7, 1.0, 0.0)
    np.save(tmp_path / "pool.npy", np.stack([np.stack([head * (1 + i), 0.3 * head]) for i in range(3)]).astype(np.float16))
    return [tmp_path / "pool.npy"]


def test_the_condition_is_the_zero_filled_image_at_the_stated_acceleration(files):
    source = PairSource(files, 32, crops=[48], noise=0.0, grain=0.0)
    truth = source.batch(3, range(4)).truth
    x, c = fft(truth["x"]), fft(truth["condition"])
    lines = c.abs().amax(1) > 1e-4
    assert lines.sum(1).tolist() == [8] * 4 and lines[:, 15:17].all()
    torch.testing.assert_close(c, x * lines[:, None], atol=1e-4, rtol=1e-4)
    assert len({tuple(row.tolist()) for row in lines}) > 1


def test_the_scale_is_that_of_the_condition(files):
    c = PairSource(files, 32, crops=[48]).batch(0, range(5)).truth["condition"]
    torch.testing.assert_close(c.abs().flatten(1).quantile(0.99, dim=1), torch.ones(5))


def test_a_pair_depends_on_seed_update_and_place_alone(files):
    source = PairSource(files, 32, seed=2, crops=[32, 40])
    both = source.batch(7, range(4)).truth
    for name in ("x", "condition"):
        assert torch.equal(source.batch(7, [2, 3]).truth[name], both[name][2:])
        assert not torch.equal(source.batch(8, range(4)).truth[name], both[name])
        assert not torch.equal(PairSource(files, 32, seed=3, crops=[32, 40]).batch(7, range(4)).truth[name], both[name])


def test_noise_is_on_sampled_numbers_and_within_its_bound(files):
    quiet, noisy = (PairSource(files, 32, crops=[48], noise=n, grain=0.0).batch(0, range(8)).truth for n in (0.0, 0.1))
    size = noisy["x"].abs().amax((1, 2)) / quiet["x"].abs().amax((1, 2))
    added = fft(noisy["condition"] / size[:, None, None] - quiet["condition"])
    lines = fft(quiet["condition"]).abs().amax(1) > 1e-4
    assert added[~lines[:, None].expand_as(added)].abs().max() < 1e-4
    assert 0 < added.abs().max() < 1.0


def test_fields_of_view_are_mixed(files):
    """A narrow one holds the head's middle alone, so that its edge lies in some of the images."""
    x = PairSource(files, 16, crops=[16, 48], noise=0.0, grain=0.0).batch(0, range(24)).truth["x"].abs()
    full = [bool(image.min() > 0.1 * image.max()) for image in x]
    assert 0 < sum(full) < 24


def test_rates_and_numbers_of_coils_are_drawn_for_each_image(files):
    """One coil leaves lines empty, several know something of each; all of k-space gives the image back, whatever the coils."""
    source = PairSource(files, 32, crops=[48], noise=0.0, grain=0.0, accelerations=[2, 4], coils=[1, 4])
    lines = (fft(source.batch(0, range(24)).truth["condition"]).abs().amax(1) > 1e-4).sum(1)
    assert {8, 16, 32} == set(lines.tolist())
    whole = PairSource(files, 32, crops=[48], noise=0.0, grain=0.0, accelerations=[1], coils=[1, 4]).batch(0, range(8)).truth
    torch.testing.assert_close(whole["condition"], whole["x"], atol=1e-4, rtol=1e-4)
