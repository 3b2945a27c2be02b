from dataclasses import replace

import pytest
import torch

from mridiff.errors import DataError, UnsafeInput
from mridiff.interfaces import Field, Gaussian, Measured, Problem, Space, Streams
from mridiff_kspace_cold_diffusion import prior as module
from mridiff_kspace_cold_diffusion.net import RestorerNet
from mridiff_kspace_cold_diffusion.prior import KspaceRestorer
from mridiff_kspace_cold_diffusion.sampler import KspaceColdDiffusion
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.adaptors import adapt
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.consistency import replacement
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.metrics import psnr
from mridiff_sdk.oracles import RestorerOracle
from mridiff_sdk.sampling_patterns import mask
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.testing import smooth

N = 48
IMAGE = Space(("y", "x"), (N, N))


def measure(x, coils=0, acceleration=4, pattern="random", std=0.0, seed=0):
    """An image (1, y, x), or what coils see of it, undersampled."""
    m = mask(pattern, x.shape[-2:], acceleration, 0.08, seed)[None].to(x.real.dtype)
    maps = simulate_maps(coils, x.shape[-2:], 1, x.dtype)[None] if coils else None
    A = FourierOperator(m) if maps is None else CoilFourierOperator(maps, m)
    y = A(x if maps is None else maps * x[:, None])
    y = y + std * Streams.of(3, "n").normal_like(y) * (y != 0)
    fields = {"mask": Field(m, ("ky", "kx"))} | ({} if maps is None else {"sensitivity_maps": Field(maps, ("coil", "y", "x"))})
    return Problem.of(A, Measured(y, Gaussian(std), fields), float(A.H(y).abs().max()))


def head():
    return smooth(IMAGE, 1).to(torch.complex64)


def deviation(problem, x):
    """Largest deviation from the measured samples, relative to the largest of them."""
    return float((problem.linear(x) - problem.y).abs().max() / problem.y.abs().max())


@pytest.mark.parametrize("pattern", ["random", "gaussian-2d"])
@pytest.mark.parametrize("coils", [0, 3])
def test_measured_samples_stay_and_naive_overwrites_them(pattern, coils):
    """Invariant A, with the trained network, noisy measurements and no correction at the end."""
    problem = measure(head(), coils, pattern=pattern, std=0.5)
    prior = adapt(KspaceRestorer(), problem.space)
    with torch.no_grad():
        kept, anew, lost = (
            KspaceColdDiffusion(prior, steps=6, rule=rule, coils="each", hard=False)(problem, Streams.of(0))
            for rule in ("step-down", "anew", "naive")
        )
    assert deviation(problem, kept) < 1e-5
    assert deviation(problem, anew) < 1e-5
    assert deviation(problem, lost) > 1e-3


@pytest.mark.parametrize("rule", ["anew", "step-down", "naive"])
@pytest.mark.parametrize("order", ["random", "centre_out", "edge_in"])
@pytest.mark.parametrize("shape", [(12, 16), (11, 13)])
def test_the_truth_leads_to_the_truth(rule, order, shape):
    """Invariant B: an oracle is followed exactly, whatever the rule, the order and the size."""
    x = Streams.of(0, "x").normal(shape, torch.complex128)
    problem = measure(x)
    oracle = RestorerOracle(x / problem.scale, Space(("y", "x"), shape), FourierDiffusion(NestedMasks(order=order)))
    torch.testing.assert_close(
        KspaceColdDiffusion(oracle, rule=rule)(problem, Streams.of(0, samples=2)) * problem.scale, x.expand(2, *shape)
    )


class Counting(RestorerOracle):
    """Answers the n-th call with n, everywhere in k-space, and remembers what it was shown."""

    def __init__(self, x):
        super().__init__(x, IMAGE, FourierDiffusion(NestedMasks()))
        self.times, self.shown = [], []

    def forward(self, x_t, t, conditions=None, rng=None):
        self.times.append(t)
        self.shown.append(fft(x_t)[0])
        return ifft(torch.full_like(x_t, len(self.times)))


def counted(rule):
    """What `Counting` was shown in four steps, the image in k-space at the end, and which of it was not measured."""
    x = Streams.of(0, "x").normal((12, 16), torch.complex128)
    problem, prior = measure(x), Counting(x)
    k = fft(KspaceColdDiffusion(prior, steps=4, rule=rule)(problem, Streams.of(0)))[0]
    assert prior.times == [1.0, 0.75, 0.5, 0.25]
    return prior.shown, k, problem.y[0], problem.y[0] == 0


def test_step_down_writes_each_missing_sample_once_and_only_what_was_predicted_then():
    """In k-space: k_s = k_t + (M_s - M_t) F x0."""
    _, k, _, missing = counted("step-down")
    written = k[missing].real.round()
    assert set(written.tolist()) == {1.0, 2.0, 3.0, 4.0}
    torch.testing.assert_close(k[missing], written.to(k.dtype))
    assert (written == 1).sum() == (written == 4).sum() == missing.sum() // 4


def test_anew_writes_every_missing_sample_that_is_back_at_every_step():
    """In k-space: k_s = y where measured, else M_s F x0."""
    shown, k, y, missing = counted("anew")
    for i, state in enumerate([*shown, k]):
        torch.testing.assert_close(state[~missing], y[~missing])
        written = state[missing].real.round()
        assert (written == i).sum() == (missing.sum() if i == 0 else missing.sum() * i // 4)  # the last estimate, and nothing else
        assert set(written.tolist()) <= {0.0, float(i)}


def test_steps_that_bring_nothing_back_cost_no_call():
    problem, calls = measure(head()), []
    prior = KspaceRestorer()
    prior.register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        steps = list(KspaceColdDiffusion(prior, steps=200).trajectory(problem, Streams.of(0)))
    assert len(calls) == len(steps) == 36  # of 48 columns 12 are measured


def test_same_streams_same_image_other_order_slightly_another():
    """Invariant C."""
    problem = measure(head())
    again = KspaceColdDiffusion(KspaceRestorer())
    sampler = KspaceColdDiffusion(KspaceRestorer("brain-first"), steps=8, rule="step-down")
    with torch.no_grad():
        assert torch.equal(*(again(problem, Streams.of(0)) for _ in range(2)))
        a, b, c = (sampler(problem, Streams.of(seed)) for seed in (0, 0, 1))
    assert torch.equal(a, b)
    spread = float(torch.linalg.vector_norm(a - c) / torch.linalg.vector_norm(a))
    assert 1e-4 < spread < 0.1


def test_restores_better_than_zero_filling():
    x = head()
    problem = measure(x)
    with torch.no_grad():
        first, *_, last = KspaceColdDiffusion(KspaceRestorer()).trajectory(problem, Streams.of(0))
    zero_filled = psnr(problem.linear.H(problem.y) * problem.scale, x)
    assert psnr(last.x0 * problem.scale, x) > zero_filled + 1
    direct = last.outputs["direct"]
    torch.testing.assert_close(direct.data / problem.scale, replacement(problem, first.x0))
    assert direct.axes == ("y", "x") and psnr(direct.data, x) > zero_filled + 1
    assert deviation(problem, direct.data / problem.scale) < 1e-5


def test_a_faulty_restorer_harms_step_down_less_than_naive():
    """Robustness: a smooth error of 5 % of the estimate."""
    x = head()
    problem = measure(x)

    class Faulty(KspaceRestorer):
        error = 0.0

        def forward(self, x_t, t, conditions=None, rng=None):
            estimate = super().forward(x_t, t)
            bump = torch.exp(-(torch.linspace(-3, 3, N) ** 2))
            return estimate + self.error * estimate.abs().amax() * bump[:, None] * bump

    prior, harm = Faulty(), {}
    with torch.no_grad():
        for rule in ("step-down", "naive"):
            found = []
            for prior.error in (0.0, 0.05):
                found.append(KspaceColdDiffusion(prior, steps=20, rule=rule, hard=False)(problem, Streams.of(0)) * problem.scale)
            harm[rule] = float((found[1] - found[0]).abs().square().sum())
    assert harm["step-down"] < 0.5 * harm["naive"]


def test_coils_are_restored_one_by_one():
    problem = measure(head(), 3)
    prior = KspaceRestorer()
    folded = adapt(prior, problem.space)
    with torch.no_grad():
        x = KspaceColdDiffusion(folded, steps=3, coils="each")(problem, Streams.of(0))
        assert x.shape == (1, 3, N, N)
        single = replace(problem, A=FourierOperator(problem.A.mask), y=problem.y[:, 1], space=IMAGE)
        torch.testing.assert_close(KspaceColdDiffusion(prior, steps=3)(single, Streams.of(0)), x[:, 1], rtol=1e-4, atol=1e-5)


def test_combined_coils_are_one_call_and_measured_samples_stay():
    x = head()
    problem, items = measure(x, 4), []
    prior = KspaceRestorer()
    prior.register_forward_hook(lambda _, given, __: items.append(len(given[0])))
    folded = adapt(prior, problem.space)
    with torch.no_grad():
        KspaceColdDiffusion(folded, steps=4, coils="each")(problem, Streams.of(0))
        together = KspaceColdDiffusion(folded, steps=4, coils="combined", hard=False)(problem, Streams.of(0))
    assert items == [4] * 4 + [1] * 4
    assert deviation(problem, together) < 1e-5
    look = problem.A.image
    assert psnr(look(together) * problem.scale, x) > psnr(look(problem.linear.H(problem.y)) * problem.scale, x) + 1


def test_a_scan_without_mask_is_refused():
    problem = replace(measure(head()), acquisition={})
    with pytest.raises(DataError, match="mask"):
        KspaceColdDiffusion(KspaceRestorer())(problem, Streams.of(0))


def test_odd_sizes_and_double_precision_pass():
    x = smooth(Space(("y", "x"), (33, 45)), 2).to(torch.complex128)
    out = KspaceRestorer()(x, torch.tensor([0.2, 1.0]))
    assert out.shape == x.shape and out.dtype == x.dtype


def test_weights_are_checked_by_hash_and_others_come_from_a_file(tmp_path, monkeypatch):
    with seeded_layers(0):
        RestorerNet((8, 8), (1, 1), 8).save(tmp_path / "own.safetensors")
    own = KspaceRestorer(str(tmp_path / "own.safetensors"))
    x = head()
    torch.testing.assert_close(own(x, 0.5), x)  # an untrained network changes nothing
    with pytest.raises(DataError, match="no weights"):
        KspaceRestorer("knee")
    monkeypatch.setattr(module, "WEIGHTS", {"brain": replace(module.WEIGHTS["brain"], sha256="0" * 64)})
    with pytest.raises(UnsafeInput):
        KspaceRestorer("brain")
