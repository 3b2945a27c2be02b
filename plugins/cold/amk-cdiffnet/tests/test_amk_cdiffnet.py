from dataclasses import replace

import pytest
import torch

from mridiff.errors import DataError, UnsafeInput
from mridiff.interfaces import Space, Streams
from mridiff_amk_cdiffnet import prior as module
from mridiff_amk_cdiffnet.prior import AMKRestorer
from mridiff_amk_cdiffnet.sampler import AMKCDiffNet
from mridiff_amk_cdiffnet.virtual import compress, compression, expand
from mridiff_sdk.adaptors import adapt
from mridiff_sdk.codecs import Fourier
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.fourier import fft
from mridiff_sdk.metrics import psnr
from mridiff_sdk.oracles import RestorerOracle


@pytest.mark.parametrize("pattern", ["random", "gaussian-2d"])
@pytest.mark.parametrize("coils", [1, 3, 6])
def test_measured_samples_stay_and_runs_repeat(prior, measure, pattern, coils):
    """Whatever an (untrained) network predicts."""
    _, problem = measure(coils, pattern=pattern)
    sampler = AMKCDiffNet(adapt(prior(), problem.space), steps=5)
    with torch.no_grad():
        x, again = (sampler(problem, Streams.of(0)) for _ in range(2))
    assert (problem.linear(x) - problem.y).abs().max() < 1e-6 * problem.y.abs().max()
    assert torch.equal(x, again)
    assert (x - problem.linear.H(problem.y)).abs().max() > 1e-3


@pytest.mark.parametrize("shape", [(16, 16), (15, 18)])
@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_the_truth_leads_to_the_truth(prior, measure, shape, rho):
    truth, problem = measure(2, dtype=torch.complex128, shape=shape)
    diffusion = FourierDiffusion(NestedMasks("auto", "centre_out", weight=prior().model.weight), kspace=True)
    oracle = RestorerOracle(fft(truth), Space(("coil", "ky", "kx"), (2, *shape)), diffusion, codec=Fourier())
    torch.testing.assert_close(AMKCDiffNet(oracle, rho=rho)(problem, Streams.of(0)), truth)


def test_steps_go_outward_and_take_equal_shares_of_the_expected_magnitude(prior, measure):
    _, problem = measure(2, pattern="gaussian-2d")
    w = prior().model.weight(32, 32)
    reach, shares = {}, {}
    for schedule in ("energy", "uniform"):
        gain = prior(schedule=schedule).diffusion.bind(problem, Streams.of(0)).gain
        like = torch.zeros(1, 1, 32, 32)
        masks = [gain(i / 5, like)[0, 0] for i in range(5, -1, -1)]
        new = [(b - a).bool() for a, b in zip(masks, masks[1:], strict=False)]
        y, x = torch.meshgrid(torch.arange(32) - 16, torch.arange(32) - 16, indexing="ij")
        reach[schedule] = [float(torch.hypot(y.float(), x.float())[n].mean()) for n in new]
        shares[schedule] = torch.stack([w[n].sum() for n in new])
    assert all(a < b for a, b in zip(reach["energy"], reach["energy"][1:], strict=False))
    assert shares["energy"].max() / shares["energy"].min() < 1.2
    assert shares["uniform"].max() / shares["uniform"].min() > 2


def test_the_mask_is_read_from_kspace_and_only_missing_samples_are_predicted(prior, measure):
    truth, problem = measure(3)
    p = prior()
    k = fft(truth)
    M = p.diffusion.bind(problem, Streams.of(0)).gain(0.6, k)
    found = p(M * k, 0.6)
    assert torch.equal(found * M, M * k) and ((found - k).abs() * (1 - M)).max() > 1e-3
    assert torch.equal(p(k, 0.0), k)


def test_virtual_coils_hold_the_signal_and_lead_back():
    k = torch.randn(2, 3, 24, 24, generator=torch.Generator().manual_seed(0), dtype=torch.complex128)
    mixed = torch.einsum("vc,ncyx->nvyx", torch.randn(7, 3, generator=torch.Generator().manual_seed(1), dtype=torch.complex128), k)
    V = compression(mixed, 4)
    torch.testing.assert_close(V.mH @ V, torch.eye(4, dtype=V.dtype).expand(2, 4, 4))
    torch.testing.assert_close(expand(V, compress(V, mixed)), mixed)  # three sources seen by seven coils need three
    few = compression(k[:, :1], 4)
    assert few.shape == (2, 1, 4) and (few[..., 1:] == 0).all()
    origin = compress(V, mixed)[:, :3, 12, 12]
    torch.testing.assert_close(origin, origin.abs().to(origin.dtype))


def test_blending_dampens_a_prediction_that_jumps(measure):
    """Stability: 5 % of noise on every prediction of an oracle."""
    truth, problem = measure(2, pattern="gaussian-2d")

    class Noisy(RestorerOracle):
        def forward(self, x_t, t, conditions=None, rng=None):
            n = Streams.of(round(1000 * float(t))).normal_like(self.x0)
            return self.x0 + 0.05 * self.x0.abs().square().mean().sqrt() * n

    diffusion = FourierDiffusion(NestedMasks("auto", "centre_out"), kspace=True)
    noisy = Noisy(fft(truth), Space(("coil", "ky", "kx"), (2, 32, 32)), diffusion, codec=Fourier())
    error = [float(torch.linalg.vector_norm(AMKCDiffNet(noisy, rho=rho)(problem, Streams.of(0)) - truth)) for rho in (0.3, 0.0)]
    assert error[0] < 0.9 * error[1]


@pytest.mark.parametrize(("coils", "pattern"), [(1, "gaussian-2d"), (4, "random")])
def test_the_trained_network_beats_zero_filling(measure, coils, pattern):
    truth, problem = measure(coils, pattern=pattern, shape=(64, 64))
    with torch.no_grad():
        x = AMKCDiffNet(AMKRestorer(), steps=10)(problem, Streams.of(0))
    look = problem.operator.image
    assert psnr(look(x), look(truth)) > psnr(look(problem.linear.H(problem.y)), look(truth)) + 0.3


def test_weights_are_checked_by_hash(monkeypatch):
    with pytest.raises(DataError, match="no weights"):
        AMKRestorer("knee")
    monkeypatch.setattr(module, "WEIGHTS", {"brain": replace(module.WEIGHTS["brain"], sha256="0" * 64)})
    with pytest.raises(UnsafeInput):
        AMKRestorer()
