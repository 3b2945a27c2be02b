"""L+S: at its minimum, telling background and changes apart, for series of any operator."""

import pytest
import torch

from mridiff.interfaces import Gaussian, Multiply, Problem, Space, Streams
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import KtSense
from mridiff_samplers.l_plus_s import LPlusS
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft

FRAMES, SIDE = 8, (12, 10)


def series():
    """A background that fades, of rank one, and a corner whose pixels beat, each at a frequency of its own."""
    t = torch.arange(FRAMES, dtype=torch.float64)
    still = Streams.of(0, "still").normal(SIDE, torch.complex128)[0]
    background = torch.exp(-0.1 * t)[:, None, None] * still
    changes = torch.zeros(FRAMES, *SIDE, dtype=torch.complex128)
    turns = torch.arange(1, 7).reshape(2, 3) * t[:, None, None] / FRAMES
    changes[:, :2, :3] = 3 * torch.polar(torch.ones_like(turns), 2 * torch.pi * turns)
    return background[None], changes[None]


def scan(R=3):
    """Two coils and a mask that moves from frame to frame."""
    mask = torch.zeros(1, FRAMES, *SIDE, dtype=torch.float64)
    for f in range(FRAMES):
        mask[:, f, f % R :: R] = 1
    mask[:, :, 5:8] = 1
    A = KtSense(simulate_maps(4, SIDE, 0, torch.complex128)[None], mask)
    x = sum(series())
    return Problem(A, A(x), Gaussian(None), A.domain), x


def test_it_ends_at_the_minimum():
    """The gradient of the data is minus a subgradient of either norm: no larger than its weight, and along L and T S of just that size."""
    p, _ = scan()
    c, b = 1.0, p.linear.H(p.y)
    step = list(LPlusS(low_rank=0.05, sparse=0.05, iterations=1500).trajectory(p, Streams.of(0)))[-1]
    L, S = (step.outputs[k].data for k in ("background", "changes"))
    g = (p.linear.gram(L + S) - b)[0].flatten(1)
    low, few = 0.05 * c * torch.linalg.svdvals(b[0].flatten(1))[0], 0.05 * c * fft(b, (1,)).abs().max()
    U, s, V = torch.linalg.svd(L[0].flatten(1), full_matrices=False)
    kept = s > 1e-6 * s[0]
    assert 0 < kept.sum() < len(s) and torch.linalg.svdvals(g)[0] < 1.01 * low
    torch.testing.assert_close(
        -(U.mH @ g @ V.mH)[kept][:, kept], low * torch.eye(int(kept.sum()), dtype=g.dtype), rtol=0.02, atol=0.02 * float(low)
    )
    TS, Tg = fft(S, (1,))[0].flatten(1), fft(g.reshape(1, FRAMES, *SIDE), (1,))[0].flatten(1)
    active = TS.abs() > 1e-6 * TS.abs().max()
    assert 0 < active.sum() < active.numel() and Tg.abs().max() < 1.01 * few
    torch.testing.assert_close(-Tg[active], few * TS[active] / TS[active].abs(), rtol=0.02, atol=0.02 * float(few))


def test_background_and_changes_are_told_apart():
    p, _ = scan(1)
    background, changes = series()
    step = list(LPlusS(low_rank=0.04, sparse=0.05, iterations=200).trajectory(p, Streams.of(0, "", 2)))[-1]
    L, S = (step.outputs[k].data for k in ("background", "changes"))
    assert step.outputs["background"].axes == ("t", "y", "x") and L.shape == (2, FRAMES, *SIDE)
    assert (L[:1] - background).norm() < 0.2 * background.norm() and (S[:1] - changes).norm() < 0.2 * changes.norm()
    torch.testing.assert_close(step.x0, L + S)


def test_undersampled_series_are_better_than_zero_filled():
    p, x = scan()
    found = LPlusS()(p, Streams.of(0))
    assert (found - x).norm() < 0.3 * (p.linear.rough(p.y) - x).norm()


def test_real_series_stay_real_and_the_place_of_t_is_no_matter():
    space = Space(("y", "t", "x"), (5, 6, 4), complex=False)
    y = Streams.of(0, "y").normal(space.shape, torch.float64)
    turned = Space(("t", "y", "x"), (6, 5, 4), complex=False)
    a = LPlusS(iterations=5)(Problem(Multiply(space, 1.0), y, Gaussian(None), space), Streams.of(0))
    b = LPlusS(iterations=5)(Problem(Multiply(turned, 1.0), y.movedim(2, 1), Gaussian(None), turned), Streams.of(0))
    assert a.dtype == torch.float64
    torch.testing.assert_close(a.movedim(2, 1), b)


def test_what_is_no_series_is_refused():
    A = FourierOperator(torch.ones(1, 4, 5, dtype=torch.float64))
    with pytest.raises(TypeError, match="no t"):
        LPlusS()(Problem(A, torch.ones(1, 4, 5, dtype=torch.complex128), Gaussian(None), A.domain), Streams.of(0))
