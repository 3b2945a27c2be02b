"""Checks of parametric operators: the laws of A(x; phi)."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mridiff.interfaces import ParametricOperator, Streams
from mridiff.spec import Trait

from .cases import DOUBLE, OperatorCase
from .check import collect, law
from .values import check_space, close, draw, each, identical, inner, parts, size


def _parametric(case: OperatorCase) -> ParametricOperator:
    assert isinstance(case.A, ParametricOperator), f"it claims to be parametric and is {type(case.A).__name__}"
    return case.A


def _phi(A: ParametricOperator, samples: int, precision: torch.dtype, seed: int = 5) -> dict[str, Tensor]:
    """Values of the nuisance near its start, within bounds, different for every sample."""
    found = {}
    for name, n in A.nuisance.items():
        step = Streams.of(seed, name, samples).normal(n.space.shape, n.space.dtype(precision))
        found[name] = n.project(n.start.to(step.dtype) + 0.3 * n.step_scale * step)
    return found


@law("operator", Trait.PARAMETRIC, after=("spaces",))
def start(case: OperatorCase) -> None:
    """`start` gives fresh values in the declared space, and `project` leaves them as they are."""
    A = _parametric(case)
    first = A.start()
    assert first.keys() == A.nuisance.keys(), f"start gives {sorted(first)}, declared are {sorted(A.nuisance)}"
    for name, value in first.items():
        n = A.nuisance[name]
        n.space.check(value, f"start of {name}")
        projected = n.project(value.clone())
        close(projected, value, 1e-5, f"project(start) of {name} against start")
        value.add_(1)
        assert not identical(A.start()[name], value), f"start hands out its own tensor of {name}, not a copy"


@law("operator", Trait.PARAMETRIC, after=("start",))
def project(case: OperatorCase) -> None:
    """`project` is a projection: applied twice it changes nothing more, and every sample is projected by itself."""
    A = _parametric(case)
    for name, n in A.nuisance.items():
        wild = n.start + 50 * n.step_scale * Streams.of(3, name, 2).normal(n.space.shape, n.start.dtype)
        once = n.project(wild.clone())
        close(n.project(once.clone()), once, 1e-4, f"project twice against once, {name}")
        close(once[1:], n.project(wild[1:].clone()), 1e-4, f"project of the second sample in a batch against alone, {name}")


@law("operator", Trait.PARAMETRIC, after=("start", "linearity"))
def parameter_samples(case: OperatorCase) -> None:
    """Several values of the nuisance at once, one per sample, give what each gives alone."""
    A = _parametric(case.sample(0))
    phi = _phi(A, 2, case.precision)
    x = draw(A.domain, 0, 2, case.precision)
    assert isinstance(x, Tensor)
    together = A.at(phi)(x)
    check_space(together, A.codomain, 2, case.precision, "A.at(phi)(x)")
    for i in range(2):
        slot = slice(i, i + 1)
        alone = A.at({name: value[slot] for name, value in phi.items()})(x[slot])
        close(each(lambda t, s=slot: t[s], together), alone, case.bound, f"A.at(phi)(x), sample {i} in a batch against alone")


@law("operator", Trait.PARAMETRIC, after=("start", "linearity", "parameter_samples"))
def parameter_gradient(case: OperatorCase) -> None:
    """Autograd reaches the nuisance: its gradient predicts how A.at(phi)(x) changes along random directions."""
    double = replace(case.sample(0), precision=DOUBLE)
    A = _parametric(double)
    phi = _phi(A, 1, DOUBLE)
    x, w = draw(A.domain, 0, 1, DOUBLE), draw(A.codomain, 1, 1, DOUBLE)

    def product(values: dict[str, Tensor]) -> Tensor:
        return torch.stack([(p.conj() * q).real.sum() for p, q in zip(parts(w), parts(A.at(values)(x)), strict=True)]).sum()

    for name, n in A.nuisance.items():
        with torch.enable_grad():
            z = phi[name].clone().requires_grad_()
            value = product({**phi, name: z})
            assert value.requires_grad, f"autograd does not reach {name}"
            slope = torch.autograd.grad(value, z)[0]
        d, h = n.step_scale * torch.ones_like(slope) * Streams.of(7, name).normal_like(slope), 1e-5
        numeric = float(product({**phi, name: phi[name] + h * d}) - product({**phi, name: phi[name] - h * d})) / (2 * h)
        analytic = inner(slope, d).real
        error = abs(numeric - analytic) / (abs(numeric) + 1e-3 * size(slope) * size(d) or 1.0)
        assert error <= 1e-4, f"{name}: autograd's slope is {analytic:.6g}, the measured one {numeric:.6g}: error {error:.2g}"


CHECKS = collect(globals())
