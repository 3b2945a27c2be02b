"""GRAPPA and SAKE: k-space of several coils, exactly where coils are plane waves, and nearly for smooth ones."""

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Gaussian, Problem, Streams
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_samplers.grappa import GRAPPA, products, weights
from mridiff_samplers.sake import SAKE
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft

SHAPE = (40, 36)


def waves(*shifts):
    """Coils whose k-space is that of the object, moved by so many samples: every missing sample is one that another coil measured."""
    y, x = (torch.arange(n, dtype=torch.float64) / n for n in SHAPE)
    return torch.stack([torch.polar(torch.ones(SHAPE, dtype=torch.float64), 2 * torch.pi * (a * y[:, None] + b * x)) for a, b in shifts])[
        None
    ]


def lines(R, centre=14, size=SHAPE):
    mask = torch.zeros(1, *size, dtype=torch.float64)
    mask[:, ::R] = 1
    mask[:, (size[0] - centre) // 2 : (size[0] + centre) // 2] = 1
    return mask


def points(share, centre=0):
    mask = (Streams.of(0, "mask").uniform(SHAPE, torch.float64) < share).double()
    near = torch.stack(torch.meshgrid(*((torch.arange(n) - n // 2).abs() <= centre // 2 for n in SHAPE), indexing="ij")).all(0)
    return torch.where(near & (centre > 0), 1.0, mask)


def problem(maps, mask, x=None, std=0.0):
    x = Streams.of(1, "x").normal(SHAPE, torch.complex128) if x is None else x
    A, coils = CoilFourierOperator(maps, mask), maps * x[:, None]
    y = A(coils)
    return Problem(A, y + std * mask * Streams.of(2, "n").normal_like(y), Gaussian(std or None), A.domain), coils


def disc():
    y, x = (torch.linspace(-1, 1, n, dtype=torch.float64) for n in SHAPE)
    r = (y[:, None] ** 2 + (1.2 * x) ** 2)[None]
    return torch.where(r < 0.7, 1 + 0.5 * torch.sin(5 * x) + 0.3j * (r < 0.2), 0)


def error(found, truth, inner=slice(None)):
    return float((fft(found)[..., inner, inner] - fft(truth)[..., inner, inner]).norm() / fft(truth)[..., inner, inner].norm())


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("R", [2, 3])
def test_lines_that_other_coils_measured_are_found_exactly(R, across):
    """White objects, so that nothing but the coils tells the missing lines; at the edge of k-space no neighbour has them."""
    shifts = [(s, 0) for s in range(R)]
    maps, mask = waves(*shifts), lines(R)
    if across:
        maps = waves(*((0, s) for s in range(R)))
        mask = lines(R, size=SHAPE[::-1]).mT
    p, truth = problem(maps, mask)
    found = GRAPPA(l2=1e-12)(p, Streams.of(0))
    assert error(found, truth, slice(4, -4)) < 1e-6 < 0.3 < error(p.linear.H(p.y), truth, slice(4, -4))


def test_two_undersampled_directions():
    mask = torch.zeros(1, *SHAPE, dtype=torch.float64)
    mask[:, ::2, ::2] = 1
    mask[:, 10:30, 8:28] = 1
    p, truth = problem(waves((0, 0), (1, 0), (0, 1), (1, 1)), mask)
    assert error(GRAPPA(l2=1e-12)(p, Streams.of(0)), truth, slice(4, -4)) < 1e-6


@pytest.mark.parametrize("mask", [lines(3), points(0.4, 16)], ids=["lines", "points"])
def test_smooth_coils_are_nearly_enough(mask):
    """Better than zero by far, with noise, and what was measured stays as it is."""
    p, truth = problem(simulate_maps(8, SHAPE, 0, torch.complex128)[None], mask, disc(), 0.002)
    found = GRAPPA()(p, Streams.of(0, "", 2))
    assert error(found[:1], truth) < 0.3 * error(p.linear.H(p.y), truth)
    torch.testing.assert_close(mask * fft(found), p.y.expand(2, -1, -1, -1))


def test_weights_are_regularised_least_squares_of_places_that_count_by_their_size():
    known = Streams.of(0, "known").normal((2, 6, 7), torch.complex128)[0]
    offsets = torch.tensor([[-1, 0], [2, 1], [0, 0]])
    M = torch.stack([known[:, y + dy, x + dx] for y in range(1, 4) for x in range(6) for dy, dx in offsets.tolist()]).reshape(18, 6)
    V = M.abs().square().mean(1, keepdim=True).rsqrt()
    G = M.mH @ (V * M)
    torch.testing.assert_close(products(known, offsets), G)
    H, b = G[:4, :4], G[:4, 4:]
    exact = torch.linalg.solve(H + 0.1 * H.diagonal().real.mean() * torch.eye(4), b)
    torch.testing.assert_close(weights(H, b, 0.1), exact)


def test_far_lines_are_left_out_where_the_calibration_is_small_and_less_is_refused():
    maps = waves((0, 0), (1, 0), (2, 0), (3, 0))
    p, truth = problem(maps, lines(4, 7))
    assert error(GRAPPA(l2=1e-12)(p, Streams.of(0)), truth, slice(8, -8)) < 1e-6
    with pytest.raises(DataError, match=r"calibration region of 2 x 36 samples \(ky, kx\) is too small for 4 coils"):
        GRAPPA()(problem(maps, lines(8, 3))[0], Streams.of(0))
    with pytest.raises(DataError, match="too small"):
        GRAPPA()(problem(maps, points(0.5, 3))[0], Streams.of(0))


def test_beyond_what_was_measured_nothing_is_made_up():
    """A quarter of the lines left out at one edge, beyond any measured one."""
    mask = lines(2)
    mask[:, :10] = 0
    p, _ = problem(waves((0, 0), (1, 0)), mask)
    k = fft(GRAPPA(lines=1)(p, Streams.of(0)))
    assert float(k[..., :10, :].abs().max()) < 1e-9 < float(k[..., 11, :].abs().min())


def test_sake_fills_holes_at_random_and_keeps_the_data():
    mask = points(0.5, 10)
    p, truth = problem(simulate_maps(8, SHAPE, 0, torch.complex128)[None], mask, disc())
    found = SAKE(iterations=10, window=4)(p, Streams.of(0, "", 2))
    assert error(found[:1], truth) < 0.35 * error(p.linear.H(p.y), truth)
    torch.testing.assert_close(mask * fft(found), p.y.expand(2, -1, -1, -1))


def test_the_rank_of_sake_matters():
    """With all of it nothing is told from nothing: the missing samples stay 0."""
    p, _ = problem(simulate_maps(8, SHAPE, 0, torch.complex128)[None], points(0.5), disc())
    whole = SAKE(iterations=3, window=4, rank=8.0)(p, Streams.of(0))
    torch.testing.assert_close(whole, p.linear.H(p.y))
