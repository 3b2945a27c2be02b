import pytest
import torch
from scipy.optimize import minimize

from mridiff.interfaces import Gaussian, Multiply, Problem, Space, Streams
from mridiff_operators.dipole import DipoleOperator
from mridiff_operators.fourier import FourierOperator
from mridiff_samplers.cg_sense import CGSense
from mridiff_samplers.least_squares import largest, normal_equations
from mridiff_samplers.orthogonal_wavelet import OrthogonalWavelet
from mridiff_samplers.tv import TotalVariation
from mridiff_samplers.wavelet import L1Wavelet
from mridiff_samplers.zero_filled import ZeroFilled
from mridiff_sdk.operators import FiniteDifferences

ALL = [ZeroFilled(), CGSense(), L1Wavelet(iterations=30), TotalVariation(iterations=5)]


def blocks(shape=(40, 30), dtype=torch.complex128):
    x = torch.zeros(1, *shape, dtype=dtype)
    x[:, shape[0] // 4 : -shape[0] // 4, 5:-4] = 1
    x[:, shape[0] // 2 : -shape[0] // 3, 9:15] = 0.3 + 0.4j
    return x


def error(x, truth):
    return (torch.linalg.vector_norm(x - truth) / torch.linalg.vector_norm(truth)).item()


def test_zero_filled_is_the_adjoint(measure):
    problem = measure(3, (8, 10), 0.1, blocks((8, 20))[..., 5:15])
    assert torch.equal(ZeroFilled()(problem, Streams.of(0, "", 1)), problem.linear.adjoint(problem.y))


@pytest.mark.parametrize("coils", [1, 3])
def test_cg_sense_solves_the_regularised_normal_equations(measure, coils):
    problem = measure(coils, (7, 5), 0.1, blocks((7, 25))[..., 5:10])
    x = CGSense(iterations=200, l2=0.05, tolerance=1e-12)(problem, Streams.of(0))
    M = problem.operator(torch.eye(35, dtype=x.dtype).view(35, 7, 5)).flatten(1).mT
    exact = torch.linalg.solve(M.mH @ M + 0.05 * torch.eye(35), M.mH @ problem.y.flatten())
    torch.testing.assert_close(x.flatten(), exact)


def test_weights_of_the_noise_count(measure):
    plain = measure(1, (8, 10), None, blocks((8, 20))[..., 5:15])
    weight = torch.rand(1, 8, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weighted = Problem(plain.A, plain.y, Gaussian(None, weight), plain.space)
    root = Problem(plain.A, plain.y * weight.sqrt(), Gaussian(None), plain.space)
    H, b = normal_equations(weighted)
    x = blocks((8, 20))[..., 5:15]
    torch.testing.assert_close(b, plain.linear.adjoint(root.y * weight.sqrt()))
    torch.testing.assert_close(H(x) - b, plain.linear.adjoint(weight * (plain.operator(x) - plain.y)))


def test_largest_eigenvalue_of_a_masked_fourier_operator_is_one(measure):
    problem = measure(1, (16, 15), 0.1, blocks((16, 25))[..., 5:20])
    H, b = normal_equations(problem)
    assert 1.0 <= largest(H, b).item() <= 1.03


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128, torch.complex64])
@pytest.mark.parametrize("spectrum", ["crowded", "one above", "even", "decaying"])
def test_largest_bounds_the_spectrum_from_above_and_closely(spectrum, dtype):
    """Where eigenvalues crowd below the largest one, power iteration stays below it by some per cent."""
    n = 3000
    i = torch.arange(n, dtype=torch.float64) / (n - 1)
    values = {"crowded": 1 - i**2, "one above": torch.where(i == 0, 1.0, 0.9), "even": 1 - i, "decaying": (-20 * i).exp()}[spectrum]
    turn = torch.linalg.qr(torch.randn(60, 60, generator=torch.Generator().manual_seed(0), dtype=dtype)).Q
    scale = torch.tensor([1.0, 250.0], dtype=torch.float64)[:, None, None]

    def H(v):
        return (((v @ turn) * values.reshape(50, 60) * scale).to(dtype)) @ turn.mH

    found = largest(H, torch.zeros(2, 50, 60, dtype=dtype)).flatten() / scale.flatten()
    assert ((found >= 1 - 1e-6) & (found <= 1.06)).all()


def test_largest_of_the_field_of_a_susceptibility_is_not_below_it():
    mask = (torch.rand(1, 9, 10, 8, generator=torch.Generator().manual_seed(0)) < 0.7).double()
    A = DipoleOperator(mask, torch.tensor([[1.0, 0, 0]], dtype=torch.float64))
    eye = torch.eye(720, dtype=torch.float64).reshape(-1, 1, 9, 10, 8)
    exact = float(torch.linalg.matrix_norm(torch.stack([A(e).flatten() for e in eye], 1), 2)) ** 2
    assert exact <= float(largest(A.gram, torch.zeros(1, 9, 10, 8, dtype=torch.float64))) <= 1.06 * exact


def test_wavelet_reaches_the_optimum_on_one_grid(measure):
    """At the optimum the gradient is -threshold times the phase of each coefficient that is not zero, and no larger elsewhere."""
    x = blocks((16, 20))
    problem = measure(1, (16, 20), 0.05, x)
    sampler = L1Wavelet(weight=0.02, iterations=800, levels=1, shifts=False)
    solution = sampler(problem, Streams.of(0))
    H, b = normal_equations(problem)
    W = OrthogonalWavelet("db2", 1, 2)
    c, g = W.analysis(solution), W.analysis(H(solution) - b)
    threshold = 0.02 * b.abs().max()
    W.approximation(c).fill_(0)
    active = c.abs() > 1e-6
    assert 10 < active.sum() < c.numel() // 2
    assert W.approximation(g).abs().max() < 1e-5
    torch.testing.assert_close(g[active], -threshold * c[active] / c[active].abs(), atol=1e-5, rtol=0)
    assert g.abs().max() < threshold + 1e-5


def test_shifted_grids_beat_one_grid(measure):
    x = blocks()
    problem = measure(3, (40, 30), 0.02, x)
    shifted, fixed = (L1Wavelet(weight=0.01, iterations=60, shifts=s)(problem, Streams.of(0)) for s in (True, False))
    assert error(shifted, x) < error(fixed, x)


def test_tv_objective_comes_to_rest_at_its_minimum(measure):
    x = blocks((16, 20))
    problem = measure(1, (16, 20), 0.05, x)
    b, D = problem.linear.H(problem.y), FiniteDifferences(problem.space)

    def objective(u):
        length = torch.linalg.vector_norm(D.forward(u), dim=1).sum()
        return (0.5 * torch.linalg.vector_norm(problem.operator(u) - problem.y) ** 2 + 0.02 * b.abs().max() * length).item()

    values = [objective(s.x0) for s in TotalVariation(weight=0.02, iterations=160).trajectory(problem, Streams.of(0))]
    assert values[-1] <= min(values) * (1 + 1e-6)
    assert abs(values[-1] - values[79]) < 1e-3 * values[-1]
    best = TotalVariation(weight=0.02, iterations=160)(problem, Streams.of(0))
    moved = best + 0.01 * Streams.of(3).normal_like(best)
    assert objective(moved) > values[-1] and objective(0.99 * best) > values[-1] and objective(1.01 * best) > values[-1]


def test_tv_is_the_minimum_that_another_solver_finds(measure):
    """8 x 8 complex numbers by L-BFGS on the isotropic variation, its corner rounded; the anisotropic minimum lies elsewhere."""
    x = blocks((8, 8)) + 0.3 * torch.eye(8)
    problem = measure(1, (8, 8), 0.05, x)
    weight = 0.03 * float(problem.linear.H(problem.y).abs().max())

    def objective(u, anisotropic=False):
        across, down = (torch.zeros_like(u) for _ in range(2))
        across[..., :-1], down[..., :-1, :] = u[..., 1:] - u[..., :-1], u[..., 1:, :] - u[..., :-1, :]
        a, b = across.abs().square() + 1e-10, down.abs().square() + 1e-10
        length = (a.sqrt() + b.sqrt()).sum() if anisotropic else (a + b).sqrt().sum()
        return 0.5 * (problem.operator(u) - problem.y).abs().square().sum() + weight * length

    def minimum(**kind):
        def value(flat):
            u = torch.view_as_complex(torch.tensor(flat).reshape(1, 8, 8, 2)).requires_grad_()
            f = objective(u, **kind)
            (g,) = torch.autograd.grad(f, u)
            return f.item(), torch.view_as_real(g).flatten().numpy()

        start = torch.view_as_real(problem.linear.H(problem.y)).flatten().numpy()
        options = {"maxiter": 20_000, "maxfun": 20_000, "ftol": 1e-15, "gtol": 1e-9}
        found = minimize(value, start, jac=True, method="L-BFGS-B", options=options)
        return torch.view_as_complex(torch.tensor(found.x).reshape(1, 8, 8, 2))

    with torch.no_grad():
        best = TotalVariation(weight=0.03, iterations=600, inner=10)(problem, Streams.of(0))
    with torch.enable_grad():
        exact, other = minimum(), minimum(anisotropic=True)
    assert objective(best) <= objective(exact) * (1 + 1e-4)
    assert error(best, exact) < 0.01 and error(other, exact) > 0.05


@pytest.mark.parametrize("axis", ["z", "y", "x"])
def test_tv_counts_every_spatial_axis(axis):
    """What changes along one axis alone is flattened by a heavy weight, z as well."""
    space = Space(("z", "y", "x"), (6, 7, 8), complex=False)
    dim = space.dim(axis)
    ripple = torch.ones(1, *space.shape, dtype=torch.float64).cumsum(dim) % 2
    problem = Problem(Multiply(space, 1.0), ripple, Gaussian(None), space)
    flat = TotalVariation(weight=1.0, iterations=100)(problem, Streams.of(0))
    assert float(flat.diff(dim=dim).abs().sum()) < 0.05 * float(ripple.diff(dim=dim).abs().sum())


@pytest.mark.parametrize("shape", [(40, 30), (33, 25)])
def test_sparse_baselines_beat_least_squares(measure, shape):
    x = blocks(shape)
    problem = measure(3, shape, 0.05, x)
    plain = error(CGSense()(problem, Streams.of(0)), x)
    assert error(L1Wavelet(weight=0.02)(problem, Streams.of(0)), x) < 0.8 * plain
    assert error(TotalVariation(weight=0.02)(problem, Streams.of(0)), x) < 0.6 * plain


@pytest.mark.parametrize("sampler", ALL, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_one_estimate_for_all_samples_whatever_the_scale(measure, sampler, dtype):
    problem = measure(3, (17, 15), 0.05, blocks((17, 15)), dtype)
    before = problem.y.clone()
    x = sampler(problem, Streams.of(0, "scan", 3))
    assert x.shape == (3, 17, 15) and x.dtype == dtype and torch.equal(problem.y, before)
    assert torch.equal(x[0], x[2]) and torch.equal(x[:1], sampler(problem, Streams.of(7)))
    large = sampler(Problem(problem.A, 1000 * problem.y, Gaussian(50.0), problem.space), Streams.of(0))
    torch.testing.assert_close(large / 1000, x[:1], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("sampler", ALL, ids=lambda s: type(s).__name__)
def test_two_scans_in_a_batch_are_two_scans(sampler):
    x = torch.cat([blocks((16, 20)), 0.2 * blocks((16, 20)).flip(1)])
    masks = torch.ones(2, 16, 20, dtype=torch.float64)
    masks[0, :, ::3] = 0
    masks[1, :, 1::4] = 0
    both = FourierOperator(masks)
    together = sampler(Problem(both, both(x), Gaussian(0.1), both.domain), Streams.of(0, "", 2))
    for i in (0, 1):
        A = FourierOperator(masks[i : i + 1])
        alone = sampler(Problem(A, A(x[i : i + 1]), Gaussian(0.1), A.domain), Streams.of(0))
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-6, atol=1e-8)


def test_zero_measurement_gives_zero(measure):
    problem = measure(1, (16, 20), None, 0 * blocks((16, 20)))
    for sampler in ALL:
        assert sampler(problem, Streams.of(0)).abs().max() == 0
