"""Checks of operators: the laws of y = A(x)."""

from __future__ import annotations

import warnings
from dataclasses import replace

import torch
from torch import Tensor

from mridiff.interfaces import Blocks, Field, LinearOperator, Measured, Operator
from mridiff.interfaces.scan import Data
from mridiff.spec import Trait

from .. import fourier
from .cases import DOUBLE, OperatorCase
from .check import collect, law
from .values import bare_tensors, check_space, close, distance, draw, each, finite, identical, inner, parts, size

ANY_LINEAR = {Trait.LINEAR, Trait.PARAMETRIC}


def _x(case: OperatorCase, seed: int = 0) -> Tensor:
    x = draw(case.A.domain, seed, case.samples, case.precision)
    assert isinstance(x, Tensor)
    return x


def _y(case: OperatorCase, seed: int = 1) -> Data:
    return draw(case.A.codomain, seed, case.samples, case.precision)


def _over_reals(A: LinearOperator) -> bool:
    """Whether one side is real, so that A is linear over real numbers alone."""
    sides = (A.domain, *(A.codomain if isinstance(A.codomain, tuple) else (A.codomain,)))
    return not all(space.complex for space in sides)


@law("operator")
def spaces(case: OperatorCase) -> None:
    """A(x) and its adjoint lie in the spaces that are declared: shape, number field, precision, finite."""
    y = case.A(_x(case))
    check_space(y, case.A.codomain, case.samples, case.precision, "A(x)")
    assert finite(y), "A(x) holds NaN or infinite numbers"
    if isinstance(case.A, LinearOperator):
        x = case.A.H(_y(case))
        check_space(x, case.A.domain, case.samples, case.precision, "A.H(y)")
        assert finite(x), "A.H(y) holds NaN or infinite numbers"


@law("operator", Trait.BLOCK, after=("spaces",))
def blocks(case: OperatorCase) -> None:
    """A block operator measures at least twice, and each block by itself has its share in the adjoint."""
    spaces = case.A.codomain
    assert isinstance(spaces, tuple) and len(spaces) > 1, "it claims to be a block operator and its codomain is not a tuple of spaces"
    y = _y(case)
    if isinstance(case.A, LinearOperator) and isinstance(y, tuple):
        shares = [case.A.H(tuple(part if i == j else torch.zeros_like(part) for j, part in enumerate(y))) for i in range(len(y))]
        idle = [i for i, share in enumerate(shares) if not size(share)]
        assert not idle, f"the adjoint does not read block {', '.join(map(str, idle))}"


def _asks_more(case: OperatorCase) -> bool:
    return type(case.A).complete is not Operator.complete and case.scan.y is not None


@law("operator", after=("spaces",), applies=_asks_more)
def complete(case: OperatorCase) -> None:
    """`complete` leaves what was measured, its noise and all else of a scan as they are, and adds blocks of the codomain after them."""
    scan, A = case.scan, case.A
    assert scan.y is not None
    measured = tuple(block.clone() for block in parts(scan.y))
    whole = A.complete(scan)
    assert whole.y is not None
    y, spaces = parts(whole.y), A.codomain if isinstance(A.codomain, tuple) else (A.codomain,)
    assert len(y) == len(spaces) > len(measured), f"the scan has {len(measured)} blocks, completed {len(y)}, the codomain {len(spaces)}"
    assert identical(y[: len(measured)], measured), "what was measured is changed"
    for i, (block, space) in enumerate(zip(y, spaces, strict=True)):
        check_space(block, space, len(block), case.precision, f"block {i} of the completed measurement")
    assert isinstance(whole.noise, Blocks) and len(whole.noise.parts) == len(y), "its noise has not one part for each block"
    own, given = whole.noise.parts[: len(measured)], scan.noise.parts if isinstance(scan.noise, Blocks) else (scan.noise,)
    assert all(a is b for a, b in zip(own, given, strict=True)), "the noise of what was measured is changed"
    assert replace(whole, y=scan.y, noise=scan.noise) == scan, "more than y and its noise is changed"


@law("operator", after=("spaces",))
def stateless(case: OperatorCase) -> None:
    """Nothing is remembered from a call: the same input gives the same output, whatever was computed in between."""
    x, y = _x(case), _y(case)
    fresh = [case.build(case.scan) for _ in range(2)]
    first = fresh[0](x)
    fresh[1](3 * _x(case, 2))
    again = fresh[1](x)
    assert identical(first, again), f"A(x) changed by {distance(again, first):.2g} after another call of A"
    if isinstance(fresh[0], LinearOperator) and isinstance(fresh[1], LinearOperator):
        untouched = case.build(case.scan)
        assert isinstance(untouched, LinearOperator)
        expected, found = untouched.H(y), fresh[1].H(y)
        assert identical(expected, found), f"A.H(y) changed by {distance(found, expected):.2g} after a call of A"


@law("operator", after=("spaces",))
def input_kept(case: OperatorCase) -> None:
    """No input is modified: neither x, nor y, nor what was measured."""
    scan = case.measured(case.precision)
    before = {name: f.data.clone() for name, f in scan.acquisition.items()}
    A, x, y = case.build(scan), _x(case), _y(case)
    kept_x, kept_y = x.clone(), each(torch.clone, y)
    A(x)
    if isinstance(A, LinearOperator):
        A.gram(x)
        A.H(y)
    assert identical(x, kept_x), "a call modified x"
    assert identical(y, kept_y), "a call modified y"
    changed = [name for name, f in scan.acquisition.items() if not identical(f.data, before[name])]
    assert not changed, f"the operator modified {', '.join(changed)} of the scan"


@law("operator", after=("spaces",))
def double_precision(case: OperatorCase) -> None:
    """Double precision in gives double precision out, computed in it and not rounded to single on the way."""
    double = replace(case, precision=DOUBLE)
    y = double.A(_x(double))
    check_space(y, double.A.codomain, case.samples, DOUBLE, "A(x) in double precision")
    for block in parts(y):
        numbers = torch.view_as_real(block).flatten() if block.is_complex() else block.flatten()
        numbers = numbers[numbers != 0]
        rounded = float((numbers == numbers.float().double()).double().mean()) if len(numbers) else 0.0
        assert rounded < 0.5, f"{rounded:.0%} of the numbers of A(x) have single precision only; at most 50% can by chance"


@law("operator", after=("spaces", "stateless"), applies=lambda case: case.samples > 1)
def batch(case: OperatorCase) -> None:
    """Several samples at once give what each gives alone."""
    x, y = _x(case), _y(case)
    for i in range(case.samples):
        alone = case.sample(i).build(case.sample(i).scan)
        slot = slice(i, i + 1)
        together = case.A(x)
        close(each(lambda t, s=slot: t[s], together), alone(x[slot]), case.bound, f"A(x), sample {i}")
        if isinstance(case.A, LinearOperator) and isinstance(alone, LinearOperator):
            close(case.A.H(y)[slot], alone.H(each(lambda t, s=slot: t[s], y)), case.bound, f"A.H(y), sample {i}")


@law("operator", ANY_LINEAR, after=("spaces", "stateless", "double_precision"))
def linearity(case: OperatorCase) -> None:
    """A(a x + b z) = a A(x) + b A(z), with complex a and b unless one side is real."""
    A, x, z = case.linear, _x(case), _x(case, 2)
    a, b = (0.7, -1.3) if _over_reals(A) else (0.7 - 1.1j, 1.3 + 0.4j)
    close(A(a * x + b * z), each(lambda p, q: a * p + b * q, A(x), A(z)), case.bound, "A(a x + b z) against a A(x) + b A(z)")


@law("operator", ANY_LINEAR, after=("linearity", "batch"))
def adjoint(case: OperatorCase) -> None:
    """The inner products (A x, y) and (x, A.H y) agree, their real parts where one side is real: for random x and y, and for y = A x."""
    A = case.linear
    # Random vectors are almost orthogonal, and do not show a small error; those that belong together do.
    pairs = [(_x(case, seed), _y(case, seed + 100)) for seed in range(5)] + [(x := _x(case, 5), A(x))]
    for x, y in pairs:
        left, right = inner(A(x), y), inner(x, A.H(y))
        difference = abs((left - right).real) if _over_reals(A) else abs(left - right)
        error = difference / (size(x) * size(A.H(y)) + size(A(x)) * size(y) or 1.0)
        said = f"<A x, y> = {left:.6g} but <x, A.H y> = {right:.6g}"
        assert error <= case.bound, f"{said}: error {error:.2g}, at most {case.bound:.0e} allowed"


@law("operator", ANY_LINEAR, after=("linearity", "batch", "adjoint"))
def gram(case: OperatorCase) -> None:
    """A.gram x = A.H(A x), however it is computed."""
    A, x = case.linear, _x(case)
    close(A.gram(x), A.H(A(x)), 2 * case.bound, "A.gram(x) against A.H(A(x))")


@law("operator", ANY_LINEAR, after=("gram",))
def norm(case: OperatorCase) -> None:
    """`norm` is the largest singular value, within 2 % (power iteration converges from below)."""
    alone = case.sample(0)
    A = alone.linear
    n = int(torch.Size(A.domain.shape).numel())
    identity = torch.eye(n, dtype=A.domain.dtype(case.precision)).reshape(n, 1, *A.domain.shape)
    real = _over_reals(A)
    units = torch.cat([identity, 1j * identity]) if real and A.domain.complex else identity
    columns = [[torch.view_as_real(b) if real and b.is_complex() else b for b in parts(A(e))] for e in units]
    matrix = torch.stack([torch.cat([b.flatten() for b in column]) for column in columns], dim=1)
    exact, found = float(torch.linalg.matrix_norm(matrix, 2)), A.norm()
    assert 0.98 * exact <= found <= 1.001 * exact, f"norm() is {found:.4g}; 0.98 to 1.001 of the largest singular value {exact:.4g} allowed"


@law("operator", after=("spaces", "stateless", "double_precision"))
def gradient(case: OperatorCase) -> None:
    """Autograd passes through A: its gradient predicts how A(x) changes along random directions."""
    double = replace(case, precision=DOUBLE)
    x, w = _x(double), _y(double)
    with torch.enable_grad():
        z = x.clone().requires_grad_()
        product = torch.stack([(p.conj() * q).real.sum() for p, q in zip(parts(w), parts(double.A(z)), strict=True)]).sum()
        assert product.requires_grad, "A(x) does not depend on x for autograd: something is detached"
        slope = torch.autograd.grad(product, z)[0]
    for seed in (3, 4):
        d, h = _x(double, seed), 1e-4
        forwards, backwards = inner(w, double.A(x + h * d)).real, inner(w, double.A(x - h * d)).real
        numeric, analytic = (forwards - backwards) / (2 * h), inner(slope, d).real
        error = abs(numeric - analytic) / (abs(numeric) + 1e-3 * size(slope) * size(d) or 1.0)
        assert error <= 1e-5, f"autograd's slope is {analytic:.6g}, the measured one {numeric:.6g}: error {error:.2g}"


@law("operator", ANY_LINEAR, after=("linearity", "gradient"))
def forward_mode(case: OperatorCase) -> None:
    """Forward-mode derivatives pass through A and its adjoint: along any direction d they are A(d) and A.H(d)."""
    A = case.linear
    for what, B, x, d in (("A(x)", A, _x(case), _x(case, 2)), ("A.H(y)", A.H, _y(case), _y(case, 3))):
        try:
            with warnings.catch_warnings():  # torch loads its forward-mode formulas by a function that it calls deprecated itself
                warnings.simplefilter("ignore", DeprecationWarning)
                y, slope = torch.func.jvp(B, (x,), (d,))[:2]
        except NotImplementedError as error:
            raise AssertionError(f"{what} has no forward-mode derivative: {error}") from error
        close(y, B(x), case.bound, f"{what} under torch.func.jvp")
        close(slope, B(d), case.bound, f"the forward-mode derivative of {what} against the same of the direction")


@law("operator", after=("spaces",))
def buffers(case: OperatorCase) -> None:
    """All tensors are buffers or parameters, so that `.to()` moves them."""
    left = sorted(bare_tensors(case.A))
    assert not left, f"these tensors are plain attributes and stay behind when the operator moves: {', '.join(left)}"


@law("operator", after=("spaces",))
def image(case: OperatorCase) -> None:
    """`image` leads to the space that is stated for it, sample by sample, and does not modify x."""
    x = _x(case)
    kept = x.clone()
    seen = case.A.image(x)
    assert identical(x, kept), "image modified x"
    assert finite(seen), "image holds NaN or infinite numbers"
    check_space(seen, case.A.image_space, case.samples, case.precision, "image(x)")
    for i in range(case.samples):
        alone = case.sample(i)
        close(seen[i : i + 1], alone.build(alone.scan).image(x[i : i + 1]), case.bound, f"image of sample {i} against the same alone")


def _several_coils(case: OperatorCase) -> bool:
    maps, codomain = case.scan.acquisition.get("sensitivity_maps"), case.A.codomain
    return maps is not None and not isinstance(codomain, tuple) and "coil" in codomain.axes and maps.data.shape[1] > 1


@law("operator", after=("spaces", "batch"), applies=_several_coils)
def coils(case: OperatorCase) -> None:
    """All coils at once give what each coil gives alone: nothing is lost where coils are batched."""
    maps, codomain = case.scan.acquisition["sensitivity_maps"], case.A.codomain
    assert not isinstance(codomain, tuple)
    x, axis = _x(case), codomain.dim("coil")
    own = "coil" in case.A.domain.axes
    y = case.A(x)
    for c in range(maps.data.shape[1]):
        field = replace(maps, data=maps.data[:, c : c + 1])
        alone = case.build(replace(case.scan, acquisition={**case.scan.acquisition, "sensitivity_maps": field}))
        given = x.narrow(case.A.domain.dim("coil"), c, 1) if own else x
        close(y.narrow(axis, c, 1), alone(given), case.bound, f"coil {c} of A(x) against that coil alone")


@law("operator", Trait.MASKED, after=("spaces", "stateless", "batch"))
def mask(case: OperatorCase) -> None:
    """The buffer `mask` is the scan's binary mask, and A(x) is zero exactly where it is."""
    held = getattr(case.A, "mask", None)
    assert isinstance(held, Tensor) and any(held is b for b in case.A.buffers()), "`mask` is no buffer of it"
    assert bool(((held == 0) | (held == 1)).all()), "the mask holds values other than 0 and 1"
    given = case.scan.acquisition["mask"].data
    assert held.shape == given.shape and identical(held.to(given), given), "the buffer `mask` is not the scan's mask"
    y = case.A(_x(case))
    assert isinstance(y, Tensor)
    sampled = given.reshape(len(given), *(1,) * (y.ndim - given.ndim), *given.shape[1:]).expand_as(y) != 0
    outside, inside = int((y[~sampled] != 0).sum()), int((y[sampled] == 0).sum())
    assert not outside, f"A(x) is not zero at {outside} of {int((~sampled).sum())} places outside the mask"
    assert not inside, f"A(x) is zero at {inside} of {int(sampled.sum())} places inside the mask"


@law("operator", Trait.MASKED, after=("adjoint", "mask", "coils"))
def fourier_convention(case: OperatorCase) -> None:
    """With a full mask, coil maps of 1 and all else 0, A is the centred orthonormal Fourier transform, for odd sizes too."""
    neutral = {"mask": torch.ones_like, "sensitivity_maps": torch.ones_like}
    acquisition = {name: replace(f, data=neutral.get(name, torch.zeros_like)(f.data)) for name, f in case.scan.acquisition.items()}
    A, x = case.build(replace(case.scan, acquisition=acquisition)), _x(case)
    y = A(x)
    assert isinstance(y, Tensor)
    names = case.scan.acquisition["mask"].axes
    axes = tuple(i - len(names) for i, name in enumerate(names) if name.startswith("k"))
    expected = fourier.fft(x, axes)
    expected = expected if y.ndim == x.ndim else expected[:, None].expand_as(y)
    close(y, expected, case.bound, "A(x) with a full mask and maps of 1 against the centred orthonormal transform of x")


@law("operator", Trait.COISOMETRIC, after=("adjoint",))
def coisometric(case: OperatorCase) -> None:
    """A A.H y = y for every y in the range of A, so that x + A.H(y - A x) replaces the measured part exactly."""
    A = case.linear
    y = A(_x(case))
    close(A(A.H(y)), y, 2 * case.bound, "A(A.H(y)) against y = A(x)")


@law("operator", after=("spaces",))
def blind(case: OperatorCase) -> None:
    """What a scan holds beside the parts that define A, under whatever name, changes nothing: no reference is looked up."""
    decoy = {name: _decoy(case.scan) for name in DECOYS if name not in case.scan.acquisition}
    with_decoys: Measured = replace(case.scan, acquisition={**case.scan.acquisition, **decoy}, conditions={**case.scan.conditions, **decoy})
    A: Operator = case.build(with_decoys)
    x = _x(case)
    assert identical(A(x), case.A(x)), f"A(x) changes by {distance(A(x), case.A(x)):.2g} when the scan holds a field named like a reference"


DECOYS = ("x", "truth", "reference", "target", "ground_truth", "image", "reconstruction_rss")
"""Names under which a reference might be sought."""


def _decoy(scan: Measured) -> Field:
    like = next(iter(scan.acquisition.values()), None)
    return Field(torch.full((1, 2, 2), 1e3), ("y", "x")) if like is None else replace(like, data=1e3 * torch.ones_like(like.data))


CHECKS = collect(globals())
