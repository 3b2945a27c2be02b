import math

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Blocks, Field, Gaussian, Measured, Poisson, Problem, Space, Streams
from mridiff_datasets.pet_mr import PetMrPhantom
from mridiff_mc_diffusion.conformance import small_scan
from mridiff_mc_diffusion.counts import FLOOR, em, em_near
from mridiff_mc_diffusion.operator import AsComplex, PetMrOperator
from mridiff_sdk.consistency import separate
from mridiff_sdk.fourier import fft
from mridiff_sdk.operators import Block, Radon


def radon(size=(20, 20), angles=8, bins=30, scale=1.0):
    return Radon(size, torch.arange(angles, dtype=torch.float64)[None] * math.pi / angles, bins, torch.tensor([scale]).double())


def counts_problem(scale=20.0, background=0.3):
    A = radon(scale=scale)
    y, x = torch.meshgrid(*(torch.arange(20.0) - 9.5,) * 2, indexing="ij")
    u = 0.2 * (torch.hypot(y, x) < 8) + 0.6 * (torch.hypot(y - 3, x) < 2)
    noise = Poisson(background)
    return Problem.of(A, Measured(noise.draw(A(u[None].double()), Streams.of(0)), noise)), u[None].double()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_projector_and_the_masked_transform_are_matched_with_their_adjoints(dtype):
    scan = PetMrPhantom(first=7)[0].measured
    A = PetMrOperator.for_scan(scan)
    x, y = torch.randn(1, 2, 64, 64).to(dtype), tuple(torch.randn_like(b) for b in scan.y)
    for part, image, data in zip(A.parts, x.unbind(1), y, strict=True):
        left = (part(image).conj() * data).real.sum()
        right = (image * part.H(data)).sum()
        assert abs(float(left - right)) < 1e-5 * float(part(image).norm() * data.norm())


def test_the_real_part_is_taken_once_and_only_in_the_adjoint():
    A = AsComplex(Space(("y", "x"), (3, 3)))
    x, y = torch.randn(1, 3, 3), torch.randn(1, 3, 3, dtype=torch.complex64)
    assert torch.equal(A(x), x.to(torch.complex64)) and torch.equal(A.H(y), y.real)


def test_each_modality_has_its_scale_inside():
    scan = small_scan((6, 7), 2, torch.float64)
    A = PetMrOperator.for_scan(scan)
    x = torch.randn(2, 2, 6, 7, dtype=torch.float64)
    mask, scale, angles = scan.require("mask", "scale", "angles")
    g, k = A(x)
    plain = Radon((6, 7), angles, scan.y[0].shape[-1], torch.ones(1).double())
    torch.testing.assert_close(g, scale[:, 0, None, None] * plain(x[:, 0]))
    torch.testing.assert_close(k, scale[:, 1, None, None] * mask * fft(x[:, 1].to(torch.complex128)))
    rough = A.rough(A(x))
    torch.testing.assert_close(rough[:, 1], A.parts[1].H(k) / scale[:, 1, None, None] ** 2)
    assert A.rough_name == "filtered back-projection, zero-filled"


def test_a_number_as_scale_leaves_the_blocks_and_counts_alone():
    scan = small_scan((6, 7), 1, torch.float64)
    problem = Problem.of(PetMrOperator.for_scan(scan), scan, 2.0)
    assert isinstance(problem.A, Block) and isinstance(problem.A.parts[0], Radon)
    assert torch.equal(problem.y[0], scan.y[0])
    x = torch.rand(1, 2, 6, 7, dtype=torch.float64)
    pet, mr = separate(problem)
    torch.testing.assert_close(pet.nll(x[:, 0]) + mr.nll(x[:, 1]), Problem.of(PetMrOperator.for_scan(scan), scan).nll(2 * x))


def test_a_measurement_of_one_block_is_refused():
    scan = small_scan((6, 7), 1, torch.float32)
    with pytest.raises(DataError, match="expected a sinogram"):
        PetMrOperator.for_scan(Measured(scan.y[1], Gaussian(0.1), scan.acquisition))
    with pytest.raises(DataError, match="has no angles, scale"):
        PetMrOperator.for_scan(Measured(scan.y, scan.noise, {"mask": Field(torch.ones(1, 6, 7), ("ky", "kx"))}))


def test_em_never_lessens_the_likelihood_and_finds_the_counts():
    problem, _ = counts_problem()
    u = torch.full((1, 20, 20), 0.1, dtype=torch.float64)
    before = problem.nll(u)
    for _ in range(30):
        u = em(problem, u)
        assert float(problem.nll(u)) <= float(before) + 1e-9
        before = problem.nll(u)
    assert float(u.min()) >= 0
    assert float(problem.linear(u).sum()) == pytest.approx(float((problem.y - problem.noise.background).sum()), rel=0.01)


def test_em_held_near_an_estimate_reaches_the_minimum():
    problem, truth = counts_problem()
    r, u0 = 0.05, truth + 0.02 * torch.randn(1, 20, 20, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def objective(u):
        return float(problem.nll(u) + (u - u0).square().sum() / (2 * r**2))

    u = start = u0.clamp_min(FLOOR)
    values = [objective(u)]
    for _ in range(600):
        u = em_near(problem, u, u0, r)
        values.append(objective(u))
    assert values == sorted(values, reverse=True) and float(u.min()) >= 0
    slope, scale = problem.grad(u) + (u - u0) / r**2, float(problem.grad(start).abs().max())
    assert float(slope[u > 1e-3].abs().max()) < 1e-2 * scale and float(slope[u <= 1e-3].min()) > -1e-2 * scale
    assert float((em_near(problem, start, u0, 1e-6) - u0.clamp_min(0)).abs().max()) < 2 * FLOOR
    torch.testing.assert_close(em_near(problem, start, u0, 1e6), em(problem, start), rtol=1e-4, atol=1e-6)


def test_em_is_for_counts():
    A = radon()
    problem = Problem.of(A, Measured(torch.ones(1, 8, 30).double(), Gaussian(0.1)))
    with pytest.raises(TypeError, match="Poisson"):
        em(problem, torch.ones(1, 20, 20).double())
    with pytest.raises(TypeError, match="no blocks"):
        separate(problem)
    assert isinstance(small_scan((6, 7), 1, torch.float32).noise, Blocks)
