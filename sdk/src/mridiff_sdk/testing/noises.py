"""Checks of noise models: a draw and a likelihood that belong together. Cases are in double precision, one sample."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from mridiff.interfaces import Streams

from .cases import NoiseCase
from .check import collect, law
from .values import close, distance, identical, inner, size

DRAWS = 4000


def _direction(case: NoiseCase, seed: int = 0) -> Tensor:
    d = Streams.of(seed, "direction").normal_like(case.Ax)
    return d / size(d)


def _near(case: NoiseCase, seed: int) -> Tensor:
    """A noise-free measurement beside the true one: relative, so that counts stay positive."""
    return case.Ax * (1 + 0.1 * Streams.of(seed, "near").uniform(case.Ax.shape[1:], case.Ax.real.dtype))


@law("noise")
def arguments_kept(case: NoiseCase) -> None:
    """No input is modified."""
    Ax, y = case.Ax.clone(), case.noise.draw(case.Ax, Streams.of(0))
    kept = y.clone()
    case.noise.nll(Ax, y)
    case.noise.grad(Ax, y)
    case.noise.draw(Ax, Streams.of(1))
    assert identical(Ax, case.Ax), f"a call modified A(x) by {distance(Ax, case.Ax):.2g}"
    assert identical(y, kept), f"a call modified y by {inner(y - kept, y - kept).real:.2g}"


@law("noise")
def draw_seeded(case: NoiseCase) -> None:
    """A draw depends on its streams alone: the same for the same, another for others, seed 0 included."""
    a, b, c = (case.noise.draw(case.Ax, Streams.of(seed)) for seed in (0, 0, 1))
    assert identical(a, b), "two draws from the streams of seed 0 differ"
    assert not identical(a, c), "the draws of the seeds 0 and 1 are the same"


@law("noise")
def nll_per_sample(case: NoiseCase) -> None:
    """`nll` gives one number per sample, that of the sample alone."""
    y = case.noise.draw(case.Ax, Streams.of(0))
    many, ys = torch.cat([case.Ax, _near(case, 1)]), torch.cat([y, y])
    found = case.noise.nll(many, ys)
    assert found.shape == (2,), f"nll of two samples has shape {tuple(found.shape)}"
    alone = torch.cat([case.noise.nll(many[i : i + 1], y) for i in range(2)])
    close(found, alone, 1e-10, "nll of two samples against each alone")


@law("noise", after=("nll_per_sample",))
def nll_gradient(case: NoiseCase) -> None:
    """`grad` is the gradient of `nll` as autograd defines it."""
    y = case.noise.draw(case.Ax, Streams.of(0))
    with torch.enable_grad():
        z = _near(case, 2).requires_grad_()
        expected = torch.autograd.grad(case.noise.nll(z, y).sum(), z)[0]
    close(case.noise.grad(z.detach(), y), expected, 1e-9, "grad against autograd of nll")


@law("noise", after=("arguments_kept", "draw_seeded", "nll_gradient"))
def draw_fits_nll(case: NoiseCase) -> None:
    """Draws have the distribution of `nll`: its slope at the truth is 0 on average, with the variance of its curvature (Bartlett)."""
    d, h = _direction(case), 1e-4
    many = case.Ax.expand(DRAWS, *case.Ax.shape[1:])
    y = case.noise.draw(many, Streams.of(0, "draws", DRAWS))
    slopes = (case.noise.grad(many, y).conj() * d).real.flatten(1).sum(1)
    bends = ((case.noise.grad(many + h * d, y) - case.noise.grad(many - h * d, y)).conj() * d).real.flatten(1).sum(1) / (2 * h)
    mean, error = float(slopes.mean()), float(slopes.std()) / sqrt(DRAWS)
    assert abs(mean) <= 5 * error, f"the slope of nll at the truth is {mean:.3g} over {DRAWS} draws; at most {5 * error:.2g} by chance"
    ratio = float(slopes.var() / bends.mean())
    assert 0.85 <= ratio <= 1.15, f"the slope's variance over the curvature of nll is {ratio:.3g}; 0.85 to 1.15 allowed (1 where draws fit)"


def _has_unit(case: NoiseCase) -> bool:
    return case.noise.over(case.Ax, 1.0) is not None


@law("noise", after=("nll_gradient",), applies=_has_unit)
def other_units(case: NoiseCase) -> None:
    """`over` states y and its noise in other units, one for all samples or one for each: nll stays as it is."""
    y = case.noise.draw(case.Ax, Streams.of(0))
    many, ys = torch.cat([_near(case, 3), _near(case, 4)]), torch.cat([y, y])
    before = case.noise.nll(many, ys)
    each = torch.tensor([2.5, 0.5], dtype=torch.float64)
    for c, over in ((2.5, many / 2.5), (each, many / each.reshape(-1, *(1,) * (many.ndim - 1)))):
        divided = case.noise.over(ys, c)
        assert divided is not None, f"it has another unit for c = 1 and none for c = {c}"
        close(divided[1].nll(over, divided[0]), before, 1e-9, f"nll in units of {c} against before")


CHECKS = collect(globals())
