"""Checks of priors: the laws of an estimate of x0."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.interfaces import Field, Streams, spread
from mridiff.spec import Trait

from .cases import PriorCase
from .check import collect, law
from .values import close, distance, finite, identical, size

NOISY = {Trait.DENOISER, Trait.GENERATOR}
"""Traits of priors that turn noise into images: by their mean, or by a draw."""


def _rng(case: PriorCase, seed: int = 0) -> Streams:
    return Streams.of(seed, "prior", len(case.x0))


def _middle(case: PriorCase) -> float:
    """A time at which noise and image are about equally strong; the middle of the range of a restorer, whatever noise it knows besides."""
    low, high = case.prior.diffusion.t_range
    if Trait.RESTORER in case.offers or float(case.prior.diffusion.sigma(high)) == 0:
        return 0.5 * (low + high)
    rms = size(case.x0) / case.x0.numel() ** 0.5
    return float(case.prior.diffusion.time(0.5 * rms))


def _degraded(case: PriorCase, t: float, seed: int = 0) -> Tensor:
    diffusion = case.prior.diffusion if case.problem is None else case.prior.diffusion.bind(case.problem, _rng(case).child("bind"))
    return diffusion.degrade(case.x0, t, _rng(case, seed).child("noise")).to(case.x0.dtype)


def _estimate(case: PriorCase, x_t: Tensor, t: float | Tensor, seed: int = 0) -> Tensor:
    x0: Tensor = case.prior(x_t, t, case.conditions, _rng(case, seed))
    return x0


@law("prior")
def estimate(case: PriorCase) -> None:
    """The estimate has the shape, number field and precision of x_t, single or double."""
    case.prior.space.check(case.x0, "x0 of the case")
    x_t, t = _degraded(case, _middle(case)), _middle(case)
    for precision in (torch.float32, torch.float64):
        given = x_t.to(case.prior.space.dtype(precision))
        found = _estimate(case, given, t)
        assert found.shape == x_t.shape, f"the estimate has shape {tuple(found.shape)}; x_t has {tuple(x_t.shape)}"
        assert found.dtype == given.dtype, f"the estimate is {found.dtype}; x_t is {given.dtype}"


@law("prior", after=("estimate",))
def finite_range(case: PriorCase) -> None:
    """The estimate is finite at both ends of the diffusion's range."""
    for t in case.prior.diffusion.t_range:
        assert finite(_estimate(case, _degraded(case, t), t)), f"the estimate at t = {t:g} holds NaN or infinite numbers"


@law("prior", after=("estimate",))
def x_t_kept(case: PriorCase) -> None:
    """No input is modified: neither x_t, nor the conditions."""
    t = _middle(case)
    x_t = _degraded(case, t)
    kept, conditions = x_t.clone(), {name: f.data.clone() for name, f in case.conditions.items()}
    _estimate(case, x_t, t)
    assert identical(x_t, kept), "a call modified x_t"
    changed = [name for name, f in case.conditions.items() if not identical(f.data, conditions[name])]
    assert not changed, f"a call modified the conditions {', '.join(changed)}"


@law("prior", after=("x_t_kept",))
def repeatable(case: PriorCase) -> None:
    """The same input and streams give the same estimate, seed 0 included; nothing is remembered from a call."""
    t = _middle(case)
    x_t = _degraded(case, t)
    first = _estimate(case, x_t, t)
    _estimate(case, 2 * x_t, case.prior.diffusion.t_range[1], seed=1)
    again = _estimate(case, x_t, t)
    assert identical(first, again), f"the estimate changed by {distance(again, first):.2g} when it was repeated"


@law("prior", Trait.STOCHASTIC, after=("repeatable",))
def streams_used(case: PriorCase) -> None:
    """Other streams give another estimate."""
    t = _middle(case)
    x_t = _degraded(case, t)
    zero, one = (_estimate(case, x_t, t, seed=seed) for seed in (0, 1))
    assert not identical(zero, one), "the estimates of the seeds 0 and 1 are the same"


@law("prior", after=("repeatable",), applies=lambda case: len(case.x0) > 1)
def samples_apart(case: PriorCase) -> None:
    """A sample's estimate does not depend on the other samples, with one time for all or one for each."""
    t, n = _middle(case), len(case.x0)
    x_t = _degraded(case, t)
    together, each_its_own = _estimate(case, x_t, t), _estimate(case, x_t, torch.full((n,), t))
    bound = 1e-4 * (size(x_t) / (size(together) or 1.0) + 1)
    close(each_its_own, together, bound, "one time per sample against one for all")
    for i in range(n):
        conditions = {k: f if len(f.data) == 1 else Field(f.data[i : i + 1], f.axes, f.unit) for k, f in case.conditions.items()}
        alone = case.prior(x_t[i : i + 1], t, conditions, _rng(case)[i])
        close(together[i : i + 1], alone, bound, f"sample {i} in a batch against alone")


@law("prior", Trait.DENOISER, after=("estimate",))
def levels(case: PriorCase) -> None:
    """The noise grows over the range, `time` inverts sigma / alpha, and denoise(x, sigma) is the estimate at that time."""
    d = case.prior.diffusion
    low, high = d.t_range
    for share in (0.2, 0.5, 0.8):
        t = low + share * (high - low)
        ratio = d.sigma(t) / d.alpha(t)
        later = low + (share + 0.1) * (high - low)
        assert float(d.sigma(later) / d.alpha(later)) > float(ratio), f"sigma / alpha does not grow from t = {t:g} to {later:g}"
        found = d.sigma(d.time(ratio)) / d.alpha(d.time(ratio))
        error = abs(float(found / ratio) - 1)
        assert error <= (1e-3 if d.levels is None else 0.05), f"time({float(ratio):.4g}) leads to a ratio {float(found):.4g}"
    x, sigma = _degraded(case, _middle(case)), float(d.sigma(_middle(case)) / d.alpha(_middle(case)))
    t = float(d.time(sigma))
    expected = case.prior(d.mean(x, t), t, case.conditions)
    close(case.prior.denoise(x, sigma, case.conditions), expected, 1e-5, "denoise(x, sigma) against forward at its time")


@law("prior", Trait.DENOISER, after=("estimate", "levels"))
def clean_end(case: PriorCase) -> None:
    """At the smallest level almost nothing is left to remove: the estimate is x0, up to the declared loss."""
    t = case.prior.diffusion.t_range[0]
    sigma = float(case.prior.diffusion.sigma(t) / case.prior.diffusion.alpha(t))
    error = distance(_estimate(case, _degraded(case, t), t), case.x0)
    bound = case.loss + 3 * sigma * case.x0.numel() ** 0.5 / size(case.x0)
    assert error <= bound, f"at sigma {sigma:.2g} the estimate differs from x0 by {error:.2g}, at most {bound:.2g} allowed"


@law("prior", NOISY, after=("levels", "clean_end"))
def denoises(case: PriorCase) -> None:
    """Where noise and image are about equally strong, the estimate is nearer to x0 than the noisy image is."""
    t = _middle(case)
    x_t = _degraded(case, t)
    alpha = spread(case.prior.diffusion.alpha(t), x_t)
    before, after = distance(x_t / alpha, case.x0), distance(_estimate(case, x_t, t), case.x0)
    assert after < 0.9 * before, f"the error goes from {before:.3g} to {after:.3g}; it must fall by a tenth at least"


@law("prior", Trait.DENOISER, after=("clean_end",), applies=lambda case: case.x0.is_complex())
def phase(case: PriorCase) -> None:
    """A global phase of a complex x_t is a global phase of the estimate: numbers are complex, not two channels on their own."""
    t = _middle(case)
    x_t = _degraded(case, t)
    plain = _estimate(case, x_t, t)
    moved = size(x_t - plain) or 1.0
    for angle in (0.4, 0.785, 2.0):
        turn = complex(torch.polar(torch.tensor(1.0), torch.tensor(angle)))
        error = size(_estimate(case, turn * x_t, t) - turn * plain) / moved
        assert error <= case.turn, f"turned by {angle} rad the estimate misses {error:.2g} of its correction, at most {case.turn:g} allowed"


@law("prior", Trait.RESTORER, after=("estimate",))
def restores(case: PriorCase) -> None:
    """Where nothing is degraded the restorer changes nothing, up to the declared loss; where much is, it comes nearer to x0."""
    low, high = case.prior.diffusion.t_range
    error = distance(_estimate(case, case.x0, low), case.x0)
    assert error <= case.loss, f"at t = {low:g} the estimate differs from x0 by {error:.2g}, at most {case.loss:.2g} allowed"
    x_t = _degraded(case, high)
    before, after = distance(x_t, case.x0), distance(_estimate(case, x_t, high), case.x0)
    assert after <= before, f"at t = {high:g} the error goes from {before:.3g} to {after:.3g}; it must not grow"


@law("prior", Trait.DIFFERENTIABLE, after=("repeatable",))
def differentiable(case: PriorCase) -> None:
    """Autograd passes to x_t: its gradient predicts how the estimate changes along a random direction."""
    t = _middle(case)
    x = _degraded(case, t).to(case.prior.space.dtype(torch.float64))
    w, d = _rng(case, 3).normal_like(x), _rng(case, 4).normal_like(x)
    with torch.enable_grad():
        z = x.clone().requires_grad_()
        product = (w.conj() * _estimate(case, z, t)).real.sum()
        assert product.requires_grad, "the estimate does not depend on x_t for autograd"
        slope = torch.autograd.grad(product, z)[0]
    h = 1e-3
    numeric = float((w.conj() * (_estimate(case, x + h * d, t) - _estimate(case, x - h * d, t))).real.sum()) / (2 * h)
    analytic = float((slope.conj() * d).real.sum())
    error = abs(numeric - analytic) / (size(slope) * size(d) * 0.05 + abs(numeric) or 1.0)
    assert error <= 0.05, f"autograd's slope is {analytic:.5g}, the measured one {numeric:.5g}: error {error:.2g}, at most 0.05 allowed"


@law("prior", applies=lambda case: case.problem is not None)
def conditions(case: PriorCase) -> None:
    """`conditions` gives fields by name, the same each time, and leaves the problem as it is."""
    assert case.problem is not None
    y = case.problem.y
    kept = y.clone() if isinstance(y, Tensor) else None
    first, again = case.prior.conditions(case.problem), case.prior.conditions(case.problem)
    wrong = [name for name, f in first.items() if not isinstance(f, Field)]
    assert not wrong, f"the conditions {', '.join(wrong)} are not fields: an adaptor could not fold them along with x"
    assert all(identical(first[name].data, again[name].data) for name in first), "the conditions of one problem differ from call to call"
    assert kept is None or (isinstance(y, Tensor) and identical(y, kept)), "conditions modified y"


@law("prior", Trait.CONDITIONAL, after=("conditions", "repeatable"))
def conditions_read(case: PriorCase) -> None:
    """A conditional prior's estimate depends on its conditions."""
    assert case.problem is not None and case.conditions, "it claims to read conditions and finds none in this problem"
    t = _middle(case)
    x_t = _degraded(case, t)
    other = {name: Field(f.data + 1, f.axes, f.unit) for name, f in case.conditions.items()}
    changed = case.prior(x_t, t, other, _rng(case))
    assert not identical(changed, _estimate(case, x_t, t)), "other conditions give the same estimate"


@law("prior")
def codec_repeats(case: PriorCase) -> None:
    """`encode` undoes `decode` where it can: decode(encode(decode(u))) = decode(u), up to the declared loss of a nonlinear codec."""
    codec = case.prior.codec
    x = codec.decode(case.x0, case.conditions)
    back = codec.decode(codec.encode(x, case.conditions), case.conditions)
    close(back, x, case.loss if codec.kind == "nonlinear" else 1e-4, "decode(encode(x)) against x = decode(u)")


@law("prior", {Trait.LINEAR_CODEC, Trait.UNITARY_CODEC}, after=("codec_repeats",))
def codec_linear(case: PriorCase) -> None:
    """A linear codec is linear."""
    codec, u = case.prior.codec, case.x0
    v = _rng(case, 5).normal_like(u)
    whole = codec.decode(u + 2 * v, case.conditions)
    apart = codec.decode(u, case.conditions) + 2 * codec.decode(v, case.conditions)
    close(whole, apart, 1e-4, "decode(u + 2 v) against decode(u) + 2 decode(v)")


@law("prior", Trait.UNITARY_CODEC, after=("codec_linear",))
def codec_unitary(case: PriorCase) -> None:
    """A unitary codec keeps the noise level per number, so white noise stays white; a complex number may stand for two real ones."""
    v = _rng(case, 6).normal_like(case.x0)
    x = case.prior.codec.decode(v, case.conditions)
    ratio = (size(x) / x.numel() ** 0.5) / (size(v) / v.numel() ** 0.5)
    assert abs(ratio - 1) <= 1e-4, f"decode changes the level of white noise by a factor {ratio:.4g}; 1 within 1e-04 allowed"


CHECKS = collect(globals())
