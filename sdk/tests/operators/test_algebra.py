"""Products, sums and multiples: what they are, what they refuse, what they show, and what they save."""

import pytest
import torch

from mridiff.interfaces import LinearOperator, Multiply, Operator, Space
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.operators import AsComplex, Coils, Crop, FiniteDifferences, Fourier, Mask, Permutation, Resample, Stack, SumOverAxis

PLANE = Space(("y", "x"), (6, 5))
COILS = Space(("coil", "y", "x"), (3, 6, 5))


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.complex128)


class Combined(LinearOperator):
    """Keeps coil images, and shows their sum."""

    def __init__(self, gain=1.0):
        super().__init__()
        self.domain = self.codomain = COILS
        self.gain = gain

    @property
    def image_space(self):
        return PLANE

    def forward(self, x):
        return self.gain * x

    def adjoint(self, y):
        return self.gain * y

    def image(self, x):
        return x.sum(1)


@pytest.mark.parametrize(
    "A",
    [(2 + 1j) * Combined(), Combined().scaled(0.5), Combined() + Combined(2.0), Fourier(COILS) @ Combined(), Stack([Combined()]),
     Combined().scaled(torch.full((1, 1, 1, 1), 3.0)), Combined() @ Combined(3.0), Combined() @ Multiply(COILS, 1j)],
)  # fmt: skip
def test_what_is_made_of_an_operator_shows_what_it_shows(A):
    x = normal(2, 3, 6, 5)
    assert A.image_space == PLANE
    torch.testing.assert_close(A.image(x), x.sum(1))


def test_a_nonlinear_operator_with_a_scale_shows_what_it_shows():
    class Square(Operator):
        domain, codomain, image_space = COILS, COILS, PLANE

        def forward(self, x):
            return x * x

        def image(self, x):
            return x.sum(1)

    A, x = Square().scaled(2.0), normal(1, 3, 6, 5)
    torch.testing.assert_close(A(x), 4 * x * x)
    torch.testing.assert_close(A.image(x), x.sum(1))
    assert A.image_space == PLANE


def test_numbers_are_conjugated_on_the_way_back_and_exact():
    A, x, y = Fourier(PLANE), normal(1, 6, 5), normal(1, 6, 5, seed=2)
    assert torch.equal((0.1 * A)(x), 0.1 * fft(x))
    torch.testing.assert_close(((2 + 1j) * A).H(y), (2 - 1j) * ifft(y), rtol=1e-14, atol=0)
    c = normal(1, 6, 5, seed=3)
    torch.testing.assert_close(A.scaled(c).H(y), c.conj() * ifft(y))
    assert (0.1 * A)(x.to(torch.complex64)).dtype == torch.complex64
    assert A.scaled(c)(x.to(torch.complex64)).dtype == torch.complex64


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="cannot compose"):
        Fourier(PLANE) @ Fourier(COILS)
    with pytest.raises(ValueError, match="cannot compose"):
        Fourier(PLANE) @ AsComplex(PLANE).H
    with pytest.raises(ValueError, match="cannot add"):
        Fourier(PLANE) + SumOverAxis(COILS, "coil")
    with pytest.raises(ValueError, match="cannot add"):
        Fourier(PLANE) + Multiply(PLANE, 1.0)  # the same sizes, other axes
    with pytest.raises(ValueError, match="complex numbers"):
        Multiply(Space(("y", "x"), (6, 5), complex=False), 1j)
    with pytest.raises(ValueError, match="share one domain"):
        Stack([Fourier(PLANE), Fourier(COILS)])
    with pytest.raises(TypeError, match="several blocks"):
        Multiply(PLANE, 1.0) @ Stack([Fourier(PLANE), Fourier(PLANE)])


def test_nothing_has_the_norm_zero_and_a_multiple_that_of_its_factor():
    assert Multiply(PLANE, 0.0).norm() == 0
    assert (3j * Fourier(PLANE)).norm() == pytest.approx(3, rel=1e-3)


@pytest.mark.parametrize(("kind", "dims"), [("columns", [(-1,)] * 2), ("rows", [(-2,)] * 2), ("plane", [(-2, -1)] * 2), ("full", [])])
@pytest.mark.parametrize("order", ["(M F) S", "M (F S)"])
def test_a_product_transforms_only_where_the_mask_varies(monkeypatch, kind, dims, order):
    m = torch.zeros(1, 6, 5, dtype=torch.float64)
    {"columns": m[..., ::2], "rows": m[:, ::2], "plane": m[:, 1:4, 1:3], "full": m}[kind].fill_(1)
    F, S = Fourier(COILS), Coils(normal(1, 3, 6, 5, seed=4))
    M = Mask(F.codomain, m, ("ky", "kx"))
    A = (M @ F) @ S if order == "(M F) S" else M @ (F @ S)
    x, seen = normal(2, 6, 5), []
    expected = A.H(A(x))
    for name in ("fftn", "ifftn"):
        plain = getattr(torch.fft, name)
        monkeypatch.setattr(torch.fft, name, lambda z, dim, f=plain: (seen.append(tuple(sorted(dim))), f(z, dim=dim))[1])
    torch.testing.assert_close(A.gram(x), expected)
    assert seen == dims


def test_the_origin_stays_where_it_is():
    for n, m in ((6, 3), (6, 5), (7, 4), (5, 8), (4, 7)):
        x = torch.zeros(1, n)
        x[0, n // 2] = 1
        space = Space(("x",), (n,), complex=False)
        A = Crop(space, {"x": m}) if m < n else Crop(Space(("x",), (m,), complex=False), {"x": n}).H
        assert int(A(x)[0].argmax()) == m // 2


def test_a_constant_stays_constant_when_it_is_resampled():
    ones = torch.ones(1, 6, 5, dtype=torch.complex128)
    torch.testing.assert_close(Resample(PLANE, {"y": 9, "x": 4})(ones), torch.ones(1, 9, 4, dtype=torch.complex128))


def test_differences_and_permutations_are_what_their_names_say():
    ramp = torch.arange(5.0).to(torch.complex128).expand(1, 6, 5)
    expected = torch.tensor([1.0, 1, 1, 1, 0], dtype=torch.complex128).expand(1, 6, 5)
    torch.testing.assert_close(FiniteDifferences(PLANE)(ramp), torch.stack([torch.zeros_like(expected), expected], 1))
    P = Permutation(PLANE, ("x", "y"), {"y": [5, 0, 1, 2, 3, 4]})
    x = normal(1, 6, 5)
    torch.testing.assert_close(P(x), x.roll(1, 1).mT)
    torch.testing.assert_close(P.H(P(x)), x)
