import math
from pathlib import Path

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Streams
from mridiff_priors.denoiser import Denoiser
from mridiff_priors.plugin import WEIGHTS
from mridiff_priors.validation import denoising
from mridiff_sdk.held_out import held_out
from mridiff_sdk.nets import Preconditioned


@pytest.fixture(scope="module", params=sorted(WEIGHTS))
def brain(request: pytest.FixtureRequest) -> Denoiser:
    return Denoiser(request.param)


def disc(size: int = 48) -> torch.Tensor:
    """A head-like image (1, y, x): a bright ring, grey inside, air outside, with a phase."""
    at = torch.linspace(-1, 1, size)
    radius = (at[:, None] ** 2 + at**2).sqrt()
    magnitude = 0.5 * (radius < 0.75) + 0.5 * ((radius > 0.65) & (radius < 0.75))
    return (magnitude * torch.exp(1j * (0.4 + at))).to(torch.complex64)[None]


@pytest.mark.parametrize("sigma", [0.05, 0.2, 0.6])
def test_removes_most_of_the_noise(brain: Denoiser, sigma: float) -> None:
    """Even from something that is no head at all."""
    x0 = disc()
    noisy = x0 + sigma * Streams.of(0).normal_like(x0)
    assert (brain(noisy, sigma) - x0).abs().square().mean() < 0.5 * sigma**2


def test_other_ladders_reach_the_same_network(brain: Denoiser) -> None:
    x = disc()
    torch.testing.assert_close(brain.denoise(x, 0.3), brain(x, torch.tensor([0.3])))


@pytest.mark.parametrize("shape", [(1, 40, 52), (2, 33, 47)])
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_any_size_and_precision(brain: Denoiser, shape: tuple[int, int, int], dtype: torch.dtype) -> None:
    x = torch.zeros(shape, dtype=dtype)
    assert brain(x, 0.1).shape == shape and brain(x, 0.1).dtype == dtype


def test_nearly_equivariant_to_global_phase(brain: Denoiser) -> None:
    """Trained with any global phase: turning the image turns the answer."""
    x0 = disc()
    noisy = x0 + 0.2 * Streams.of(0).normal_like(x0)
    turned = brain(noisy * 1j, 0.2) / 1j
    error = (brain(noisy, 0.2) - x0).abs().square().mean()
    assert (turned - brain(noisy, 0.2)).abs().square().mean() < 0.5 * error  # independent errors would give 2


def test_bfloat16_changes_little(brain: Denoiser) -> None:
    x0 = disc(32)
    noisy = x0 + 0.1 * Streams.of(0).normal_like(x0)
    results = {}
    for brain.precision in ("float32", "bfloat16", "auto"):
        results[brain.precision] = brain(noisy, 0.1)
    exact, rounded = results["float32"], results["bfloat16"]
    assert 0 < (rounded - exact).abs().square().mean() < 0.02 * (exact - x0).abs().square().mean()


def test_unknown_weights_name_those_that_exist() -> None:
    with pytest.raises(DataError, match="brain"):
        Denoiser("liver")


def test_weights_of_ones_own(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        Preconditioned({"widths": [4, 8], "blocks": [1, 1]}, 0.5, (0.01, 5.0)).save(tmp_path / "mine.safetensors")
    mine = Denoiser(str(tmp_path / "mine.safetensors"))
    assert mine.diffusion.t_range == (0.01, 5.0)


@pytest.mark.parametrize(("sigma", "gain"), [(0.05, 1.5), (0.2, 5.0)])
def test_denoises_heads_it_has_not_seen(brain: Denoiser, sigma: float, gain: float, real_data: Path) -> None:
    x0 = held_out(real_data, 96, (10, 130))
    assert denoising(brain, x0, (sigma,))[f"denoise_{sigma:g}"] > -20 * math.log10(sigma) + gain
