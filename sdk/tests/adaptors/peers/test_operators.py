"""Other projects' operators through their adaptors keep every law, and do what ours does."""

import pytest
import torch
from torch import nn

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Space
from mridiff.spec import Trait
from mridiff_sdk.adaptors.peers import FromLinop, FromPhysics, FromTuples
from mridiff_sdk.complex import from_channels, to_channels
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.testing import OperatorCase, examine
from mridiff_sdk.testing.reference import Sense
from mridiff_sdk.testing.scans import cartesian, shapes
from mridiff_sdk.testing.values import draw

SHAPES = shapes(("y", "x"), 1)


def spaces(maps):
    return Space(("y", "x"), tuple(maps.shape[2:])), Space(("coil", "ky", "kx"), tuple(maps.shape[1:]), kind="k-space")


class PairPhysics(nn.Module):
    """As deepinv's multi-coil physics: real and imaginary part on the second axis, x (n, 2, y, x), y (n, 2, coil, y, x)."""

    def __init__(self, mask, maps):
        super().__init__()
        self.register_buffer("mask", mask)
        self.register_buffer("maps", maps)

    def A(self, x):
        return to_channels(self.mask[:, None] * fft(self.maps * from_channels(x)[:, None]))

    def A_adjoint(self, y):
        return to_channels((self.maps.conj() * ifft(self.mask[:, None] * from_channels(y))).sum(1))


class TupleOperator(nn.Module):
    """As mrpro's operators: x (n, 1, 1, y, x), y (n, coil, 1, y, x), each in a tuple."""

    def __init__(self, mask, maps):
        super().__init__()
        self.register_buffer("mask", mask[:, None, None])
        self.register_buffer("maps", maps[:, :, None])

    def forward(self, x):
        return (self.mask * fft(self.maps * x),)

    def adjoint(self, y):
        return ((self.maps.conj() * ifft(self.mask * y)).sum(1, keepdim=True),)


def physics(measured):
    mask, maps = measured.require("mask", "sensitivity_maps")
    return FromPhysics(PairPhysics(mask, maps), *spaces(maps))


def tuples(measured):
    mask, maps = measured.require("mask", "sensitivity_maps")
    coils, *size = maps.shape[1:]
    return FromTuples(TupleOperator(mask, maps), *spaces(maps), x_shape=(1, 1, *size), y_shape=(coils, 1, *size))


def linops(measured):
    linop = pytest.importorskip("sigpy.mri.linop")
    mask, maps = measured.require("mask", "sensitivity_maps")
    return FromLinop([linop.Sense(maps[0].numpy(), weights=row.numpy()) for row in mask], *spaces(maps))


@pytest.mark.parametrize("precision", [torch.float32, torch.float64], ids=["single", "double"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.id)
@pytest.mark.parametrize("build", [physics, tuples, linops])
def test_they_keep_every_law_and_are_sense(build, shape, precision):
    def measured(p):
        return cartesian(shape, p, with_maps=True)

    case = OperatorCase(
        id="peer", offers=frozenset({Trait.LINEAR}), measured=measured, build=build, samples=shape.samples, precision=precision
    )
    outcomes = list(examine([case]))
    assert not [o for o in outcomes if o.status == "failed"]
    assert sum(o.status == "passed" for o in outcomes) >= 10
    ours = Sense.for_scan(case.scan)
    x = draw(ours.domain, 0, shape.samples, precision)
    torch.testing.assert_close(case.A(x), ours(x))


class Blur:
    """A real operator with A and A_adjoint, as deepinv's are for images of one channel (n, 1, y, x)."""

    def A(self, x):
        return x + 0.5 * x.roll(1, -1)

    def A_adjoint(self, y):
        return y + 0.5 * y.roll(-1, -1)


def test_real_images_have_one_channel():
    A = FromPhysics(Blur(), *2 * (Space(("y", "x"), (6, 5), complex=False),))
    x = torch.arange(30.0).reshape(1, 6, 5)
    torch.testing.assert_close(A(x), x + 0.5 * x.roll(1, -1))
    torch.testing.assert_close((A(x) * x.flip(1)).sum(), (x * A.H(x.flip(1))).sum())


def test_a_complex_answer_in_a_real_space_is_its_real_part():
    class Turned(Blur):
        def A(self, x):
            return (1 + 1j) * x

    real = Space(("channel", "y", "x"), (1, 3, 2), complex=False)
    x = torch.rand(2, 1, 3, 2)
    torch.testing.assert_close(FromPhysics(Turned(), real, real)(x), x)


def test_wrong_numbers_are_refused_with_both_shapes():
    space = Space(("y", "x"), (4, 4))
    A = FromTuples(lambda x: (x[..., :2],), space, space)
    with pytest.raises(DataError, match=r"returned \(1, 4, 2\), which cannot be \(1, 4, 4\)"):
        A(torch.zeros(1, 4, 4, dtype=torch.complex64))


def test_an_operator_that_returns_no_tuple_is_refused():
    space = Space(("y", "x"), (4, 4))
    with pytest.raises(DataError, match="not a tuple of one tensor"):
        FromTuples(lambda x: x, space, space)(torch.zeros(1, 4, 4, dtype=torch.complex64))


def test_as_many_linops_as_samples_or_one():
    class Twice:
        ishape = (3,)

        def __call__(self, x):
            return 2 * x

        H = property(lambda self: self)

    space = Space(("x",), (3,))
    x = torch.ones(3, 3, dtype=torch.complex64)
    A: LinearOperator = FromLinop([Twice()], space, space)
    torch.testing.assert_close(A.gram(x), 4 * x)
    with pytest.raises(ValueError, match="2 operators for 3 samples"):
        FromLinop([Twice(), Twice()], space, space)(x)
