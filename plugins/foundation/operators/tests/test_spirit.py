import pytest
import torch

import mridiff
from mridiff.errors import DataError
from mridiff.interfaces import Blocks, Field, Gaussian, Measured, Multiply, Poisson, Problem, Scan, Space, Streams
from mridiff_operators.spirit import Spirit
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.consistency import misfit_gradient, proximal
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.operators import Stack

NY, NX, COILS = 12, 10, 3


def scan(std=0.1, weight=None):
    """Every second line and a full centre, of smooth images through simulated coils."""
    maps = simulate_maps(COILS, (NY, NX), 0, torch.complex128)[None]
    x = ifft(fft(Streams.of(0, "image").normal((NY, NX), torch.complex128)) * torch.hann_window(NY)[:, None].double())
    mask = (torch.arange(NX) % 2 == 0).double().expand(1, NY, NX).clone()
    mask[:, :, 2:8] = 1
    y = mask[:, None] * fft(maps * x[:, None])
    return Measured(y, Gaussian(std, weight), {"mask": Field(mask, ("ky", "kx")), "sensitivity_maps": Field(maps, ("coil", "y", "x"))})


def test_the_consistency_is_a_second_measurement_of_zeros_with_the_noise_of_the_first():
    weight = 1 + torch.rand(1, COILS, NY, NX, dtype=torch.float64)
    measured = scan(weight=weight)
    A = Spirit.for_scan(measured, kernel=3)
    problem = Problem.of(A, measured, 2.0)
    y, zero = problem.y
    assert torch.equal(2 * y, measured.y) and not zero.any()
    data, besides = problem.noise.parts
    assert data.std == besides.std == 0.05 and data.weight is weight and besides.weight is None
    none = Problem.of(A, scan(None)).noise
    assert isinstance(none, Blocks) and all(part.std is None for part in none.parts)
    with pytest.raises(TypeError, match="Poisson"):
        A.complete(Measured(measured.y, Poisson()))


@pytest.mark.parametrize("weight", [0.5, 4.0])
def test_the_solution_is_that_of_the_paper(weight):
    """argmin |D x - y|^2 + w |(G - 1) x|^2 + small |x|^2, in k-space as there, by its dense normal equations."""
    measured = scan()
    A = Spirit.for_scan(measured, kernel=3, weight=weight)
    problem, n = Problem.of(A, measured), COILS * NY * NX
    e = torch.eye(n, dtype=torch.complex128).reshape(n, COILS, NY, NX)
    plain = Spirit.for_scan(measured, kernel=3).parts[1]
    C = fft(plain(ifft(e))).flatten(1).mT
    (mask,) = measured.require("mask")
    D = torch.diag(mask.expand(COILS, NY, NX).flatten()).to(C.dtype)
    small = 0.1**2 / 5.0**2
    k = torch.linalg.solve(D + weight * C.mH @ C + small * torch.eye(n), measured.y.flatten())
    x = proximal(problem, torch.zeros(1, COILS, NY, NX, dtype=torch.complex128), 5.0, iterations=2000, tolerance=1e-12)
    torch.testing.assert_close(fft(x).flatten(), k, rtol=1e-6, atol=1e-6)


def test_it_fills_lines_that_no_coil_has_measured():
    """Against the same without the consistency; the maps combine and no more."""
    n = 32
    y, x = torch.meshgrid(torch.linspace(-1, 1, n), torch.linspace(-1, 1, n), indexing="ij")
    image = ((y / 0.8) ** 2 + (x / 0.6) ** 2 < 1) * (1 + 0.5 * torch.cos(9 * x) * torch.sin(7 * y)) * torch.polar(torch.ones(n, n), y)
    maps = simulate_maps(4, (n, n), 0)[None]
    lines = ((torch.arange(n) % 2 == 0) | ((torch.arange(n) - n // 2).abs() < 5)).float()
    noise = 0.002 * Streams.of(0, "noise").normal((4, n, n))
    fields = {"mask": Field(lines.expand(1, n, n), ("ky", "kx")), "sensitivity_maps": Field(maps, ("coil", "y", "x"))}
    one = Scan("head", Measured(lines * (fft(maps * image) + noise), Gaussian(0.002), fields), {"x": Field(image[None], ("y", "x"))})
    sampler = {"use": "cg-sense", "options": {"iterations": 60, "l2": 1e-4}}
    filled = mridiff.load("cg-sense", operator={"use": "spirit"}, sampler=sampler)(one)
    plain = mridiff.load("cg-sense", operator={"use": "coil-fourier"}, sampler=sampler)(one)
    assert filled.metrics["x"]["psnr"] > plain.metrics["x"]["psnr"] + 5


def test_gradients_of_the_misfit_are_of_both_blocks_where_their_noise_is_one():
    measured = scan()
    A = Spirit.for_scan(measured, kernel=3)
    problem, x = Problem.of(A, measured), Streams.of(3, "x").normal((COILS, NY, NX), torch.complex128)
    r = torch.cat([(a - b).flatten() for a, b in zip(A(x), problem.y, strict=True)])
    g = misfit_gradient(problem, x, "squared")
    torch.testing.assert_close(g, 2 * A.H(tuple(a - b for a, b in zip(A(x), problem.y, strict=True))))
    torch.testing.assert_close(misfit_gradient(problem, x, "norm"), g / (2 * r.norm()))
    two = Stack([Multiply(Space(("x",), (4,)), 2.0)] * 2)
    y = (torch.ones(1, 4, dtype=torch.complex128),) * 2
    for levels in ((0.1, 0.2), (0.1, None)):
        other = Problem.of(two, Measured(y, Blocks(tuple(map(Gaussian, levels)))))
        with pytest.raises(TypeError, match="one level"):
            misfit_gradient(other, y[0], "norm")


def test_what_cannot_be_calibrated_is_refused():
    measured = scan()
    few = torch.zeros(1, NY, NX, dtype=torch.float64)
    few[:, 5:8, 4:7] = 1
    few = {**measured.acquisition, "mask": Field(few, ("ky", "kx"))}
    with pytest.raises(DataError, match="cannot be fitted"):
        Spirit.for_scan(Measured(measured.y, Gaussian(), few))
    with pytest.raises(DataError, match=r"several coils, and got shape \(1, 12, 10\)"):
        Spirit.for_scan(Measured(measured.y[:, 0], Gaussian(), measured.acquisition))
    with pytest.raises(DataError, match="got nothing"):
        Spirit.for_scan(Measured(None, Gaussian(), measured.acquisition))
