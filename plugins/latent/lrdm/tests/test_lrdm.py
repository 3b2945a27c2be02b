from dataclasses import replace

import pytest
import torch

from mridiff import load
from mridiff.errors import DataError, UnsafeInput
from mridiff.interfaces import Field, Gaussian, Measured, Prior, Problem, Space, Streams
from mridiff_lrdm import prior as module
from mridiff_lrdm.net import LatentNet
from mridiff_lrdm.prior import HighFrequencyPrior, LatentPrior
from mridiff_lrdm.sampler import LRDM
from mridiff_lrdm.seen import CENTRE, Seen
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.kt_cartesian import KtCartesianOperator
from mridiff_samplers.few_steps import FewSteps
from mridiff_sdk.codecs import radius
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.diffusions import VE
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.sampling_patterns import mask
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.testing import smooth

N = 48
IMAGE = Space(("y", "x"), (N, N))


@pytest.fixture(scope="module")
def priors():
    return LatentPrior(), HighFrequencyPrior()


def measure(x, coils=0, pattern="poisson", std=0.0):
    """An image (sample, y, x), or what coils see of it, undersampled."""
    m = mask(pattern, x.shape[-2:], 4, 0.08, 0)[None].to(x.real.dtype)
    maps = simulate_maps(coils, x.shape[-2:], 1, x.dtype)[None] if coils else None
    A = FourierOperator(m) if maps is None else CoilFourierOperator(maps, m)
    y = A(x if maps is None else maps * x[:, None])
    y = y + std * Streams.of(3, "n").normal_like(y) * (y != 0)
    fields = {"mask": Field(m, ("ky", "kx"))} | ({} if maps is None else {"sensitivity_maps": Field(maps, ("coil", "y", "x"))})
    return Problem.of(A, Measured(y, Gaussian(std), fields))


def head(samples=1):
    return smooth(IMAGE, samples).to(torch.complex64)


def seen(void=0.0, dtype=torch.complex128):
    x = Streams.of(0, "x").normal((N, N + 1), dtype)
    m = mask("poisson", x.shape[-2:], 4, 0.08, 0)[None].double()
    return fft(x), Seen.of(m * fft(x), 1 - m, void)


class Fixed(Prior):
    """A prior of images that knows one only."""

    def __init__(self, x):
        super().__init__()
        self.x, self.space, self.diffusion = x, IMAGE, VE()

    def forward(self, x_t, t, conditions=None, rng=None):
        return self.x.expand_as(x_t)


def test_the_void_of_oblong_k_space_is_measured_by_its_shorter_side():
    k = torch.ones(1, 12, 20, dtype=torch.complex128)
    row = Seen.of(k, torch.zeros(1, 12, 20), 0.25).k[0, 6]  # through the centre, which is at 10; the void reaches 3 samples
    assert not row[8:13].any() and bool(row[[6, 14]].all())


def test_weighting_is_undone_exactly_and_the_void_stays_empty():
    k, all_of_it = seen()
    torch.testing.assert_close(all_of_it.absolute(all_of_it.relative(k)), k, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(all_of_it.kspace(all_of_it.image(all_of_it.k)), all_of_it.k)
    k, high = seen(CENTRE)
    inside = radius(N, N + 1) < CENTRE * N
    kept = high.absolute(high.relative(k))[0]
    assert not kept[inside].any() and not high.k[0][inside].any() and not high.missing[0][inside].any()
    torch.testing.assert_close(kept[~inside], k[0][~inside])
    assert float(inside.double().mean()) == pytest.approx(3.1416 * CENTRE**2, rel=0.1)


@pytest.mark.parametrize("coils", [0, 3])
def test_measured_samples_are_kept(priors, coils):
    problem = measure(head(), coils, std=0.3)
    with torch.no_grad():
        for combine in ("swap", "average", "latent"):
            x = LRDM(*priors, combine=combine)(problem, Streams.of(0))
            assert float((problem.linear(x) - problem.y).abs().max() / problem.y.abs().max()) < 1e-6


@pytest.mark.parametrize(("combine", "outer"), [("swap", 3.0), ("average", 2.0), ("latent", 1.0)])
def test_the_centre_comes_from_the_first_prior_and_the_rest_as_asked(combine, outer):
    first, second = (ifft(torch.full((1, N, N), v, dtype=torch.complex64)) for v in (1.0, 3.0))
    problem = measure(torch.zeros(1, N, N, dtype=torch.complex64))
    k = fft(LRDM(Fixed(first), Fixed(second), combine=combine, centre=0.2)(problem, Streams.of(0)))[0]
    inside, missing = radius(N, N) < 0.2 * N, problem.linear.mask[0] == 0
    torch.testing.assert_close(k[inside & missing].real, torch.ones(int((inside & missing).sum())))
    torch.testing.assert_close(k[~inside & missing].real, torch.full((int((~inside & missing).sum()),), outer))
    torch.testing.assert_close(k[~missing], torch.zeros(int((~missing).sum()), dtype=k.dtype))


def test_the_centre_of_an_oblong_scan_is_round():
    """Its radius is a share of the shorter side, in samples."""
    ones = ifft(torch.ones(1, 24, 40, dtype=torch.complex64))
    k = fft(LRDM(Fixed(ones), Fixed(ones), combine="swap", centre=0.25).combined(ones, 3 * ones))[0].real
    assert k[12, 20 + 5] < 2 < k[12, 20 + 6] and k[12 + 5, 20] < 2 < k[12 + 6, 20]


def test_four_calls_per_prior_and_one_decoding(priors):
    calls = []
    hooks = [p.register_forward_hook(lambda *a: calls.append("code")) for p in priors]
    hooks += [p.model.decoder.register_forward_hook(lambda *a: calls.append("decode")) for p in priors]
    with torch.no_grad():
        steps = list(LRDM(*priors).trajectory(measure(head()), Streams.of(0)))
    assert calls == ["code"] * 4 + ["decode"] + ["code"] * 4 + ["decode"]
    assert [s.stage for s in steps] == ["latent", "high frequencies"]
    for hook in hooks:
        hook.remove()


def test_the_second_prior_is_blind_to_the_centre(priors):
    x = head()
    k = fft(x)
    k[0, N // 2 - 2 : N // 2 + 2, N // 2 - 2 : N // 2 + 2] *= 1j
    with torch.no_grad():
        for prior, same in zip(priors, (False, True), strict=True):
            a, b = (prior.codec.decode(prior.conditions(p)["code"].data, prior.conditions(p)) for p in (measure(x), measure(ifft(k))))
            assert (float((a - b).abs().max() / a.abs().max()) < 1e-4) is same
    assert float((fft(a) * (radius(N, N) < CENTRE * N)).abs().max()) < 1e-4


def test_coils_are_reconstructed_one_by_one(priors):
    problem = measure(head(), 3)
    with torch.no_grad():
        x = LRDM(*priors)(problem, Streams.of(0))
        assert x.shape == (1, 3, N, N)
        assert [p.codec.space(problem.space).axes for p in priors] == [("coil", "token")] * 2
        single = replace(problem, A=FourierOperator(problem.A.mask), y=problem.y[:, 1], space=IMAGE)
        z, fields = torch.zeros(1, 64), priors[0].conditions(single)
        whole = priors[0].codec.decode(torch.zeros(1, 3, 64), priors[0].conditions(problem))
        torch.testing.assert_close(priors[0].codec.decode(z, fields), whole[:, 1], rtol=1e-4, atol=1e-5)


def test_frames_have_masks_of_their_own(priors):
    x = head(2)[None]
    m = torch.stack([mask("gaussian-2d", (N, N), 4, 0.1, i) for i in range(2)])[None].float()
    A = KtCartesianOperator(m)
    problem = Problem.of(A, Measured(A(x), Gaussian(0.0), {"mask": Field(m, ("t", "ky", "kx"))}))
    assert priors[0].conditions(problem)["missing"].data.equal(1 - m)
    with torch.no_grad():
        y = A(LRDM(*priors)(problem, Streams.of(0)))
    torch.testing.assert_close(y, problem.y, rtol=1e-4, atol=1e-5)


def test_the_scale_of_a_scan_is_free(priors):
    problem = measure(head())
    sampler = LRDM(*priors)
    with torch.no_grad():
        x, louder = (sampler(replace(problem, y=c * problem.y), Streams.of(0)) for c in (1.0, 50.0))
    torch.testing.assert_close(louder, 50 * x, rtol=1e-3, atol=1e-3)


def test_codes_need_the_measurement(priors):
    problem = measure(head())
    with pytest.raises(DataError, match="measured, missing"):
        priors[0].codec.decode(torch.zeros(1, 64))
    with pytest.raises(DataError, match="code"):
        priors[0](torch.zeros(1, 64), 1.0)
    with pytest.raises(DataError, match="mask"):
        priors[0].conditions(replace(problem, acquisition={}))
    with pytest.raises(ValueError, match="y, x"):
        priors[0].codec.space(Space(("voxel",), (5,)))


def test_unusual_sizes_and_double_precision_pass(priors):
    x = smooth(Space(("y", "x"), (33, 45)), 1).to(torch.complex128)
    with torch.no_grad():
        out = LRDM(*priors)(measure(x), Streams.of(0, samples=2))
    assert out.shape == (2, 33, 45) and out.dtype == torch.complex128


def test_the_prior_runs_under_a_sampler_of_others(priors):
    """Its codec is not linear, but it has both ways: few large steps with replacement, the data encoded anew in every step."""
    load({"sampler": {"use": "few-steps"}, "priors": {"prior": {"use": "latent-kspace"}}, "operator": {"use": "coil-fourier"}})
    problem = measure(head(), 2)
    with torch.no_grad():
        x = FewSteps(priors[0])(problem, Streams.of(0))
    torch.testing.assert_close(problem.linear(x), problem.y, rtol=1e-4, atol=1e-5)


def test_weights_are_checked_by_hash_and_others_come_from_a_file(tmp_path, monkeypatch):
    with seeded_layers(0):
        LatentNet(8, 8, 1, (8, 8), (8,), 1).save(tmp_path / "own.safetensors")
    own = LatentPrior(str(tmp_path / "own.safetensors"))
    problem = measure(head())
    with torch.no_grad():  # an untrained decoder fills in nothing
        x = own.codec.decode(torch.zeros(1, 8), own.conditions(problem))
    torch.testing.assert_close(x, problem.linear.H(problem.y), rtol=1e-4, atol=1e-5)
    with pytest.raises(DataError, match="no weights"):
        LatentPrior("knee.safetensors")
    monkeypatch.setitem(module.WEIGHTS, "latent", replace(module.WEIGHTS["latent"], sha256="0" * 64))
    with pytest.raises(UnsafeInput):
        LatentPrior()
