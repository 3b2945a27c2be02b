import pytest
import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured
from mridiff_operators import kernel
from mridiff_operators.sense import KtSense, Sense3D, SenseOperator
from mridiff_sdk.fourier import fft, ifft

KINDS = ["lines-x", "lines-y", "plane", "full"]
SIZES = [(8, 10), (7, 9), (9, 8)]
COILS = 3


def mask(kind: str, ny: int, nx: int, n: int = 1) -> Tensor:
    rng = torch.Generator().manual_seed(0)
    shape = {"lines-x": (n, 1, nx), "lines-y": (n, ny, 1), "plane": (n, ny, nx), "full": (1, 1, 1)}[kind]
    picked = torch.rand(shape, generator=rng) < 0.4
    picked[:, shape[1] // 2, shape[2] // 2] = True
    return (picked | (kind == "full")).float().expand(n, ny, nx).contiguous()


def normal(*shape: int, seed: int = 1, dtype: torch.dtype = torch.complex128) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def operator(kind: str, size: tuple[int, int], n: int = 1, m: int = 1, dtype: torch.dtype = torch.complex128) -> SenseOperator:
    """An operator with n sets of maps and m masks."""
    return SenseOperator(normal(n, COILS, *size, seed=3, dtype=dtype), mask(kind, *size, n=m))


@pytest.fixture(params=[1, 640 * 1024], ids=["coil-by-coil", "one-block"])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "BLOCK", request.param)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_agrees_with_the_definition(kind: str, size: tuple[int, int]) -> None:
    S, M = normal(1, COILS, *size, seed=3), mask(kind, *size)
    A = SenseOperator(S, M)
    x, y = normal(2, *size), normal(2, COILS, *size, seed=2)
    torch.testing.assert_close(A(x), M[:, None] * fft(S * x[:, None]))
    torch.testing.assert_close(A.H(y), (S.conj() * ifft(M[:, None] * y)).sum(1))
    torch.testing.assert_close(A.gram(x), (S.conj() * ifft(M[:, None] * fft(S * x[:, None]))).sum(1))


@pytest.mark.parametrize(("dtype", "rtol"), [(torch.complex64, 1e-5), (torch.complex128, 1e-12)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_dot_product_and_dtype(kind: str, size: tuple[int, int], dtype: torch.dtype, rtol: float) -> None:
    A = operator(kind, size, dtype=dtype)
    x, y = normal(2, *size, dtype=dtype), normal(2, COILS, *size, seed=2, dtype=dtype)
    Ax, AHy, Nx = A(x), A.H(y), A.gram(x)
    assert Ax.dtype == AHy.dtype == Nx.dtype == dtype
    assert Ax.is_contiguous() and AHy.is_contiguous() and Nx.is_contiguous()
    scale = float(torch.linalg.vector_norm(Ax) * torch.linalg.vector_norm(y))
    assert abs(torch.vdot(y.flatten(), Ax.flatten()) - torch.vdot(AHy.flatten(), x.flatten())) < rtol * scale
    assert abs(torch.vdot(x.flatten(), Nx.flatten()) - torch.linalg.vector_norm(Ax) ** 2) < rtol * scale


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("kind", ["lines-x", "lines-y", "plane"])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 1), (1, 2), (2, 2)])
def test_batch_equals_loop(kind: str, n: int, m: int) -> None:
    A = operator(kind, (8, 9), n, m)
    S, M = normal(n, COILS, 8, 9, seed=3), mask(kind, 8, 9, n=m)
    x, y = normal(2, 8, 9), normal(2, COILS, 8, 9, seed=2)
    each = [SenseOperator(S[i % n : i % n + 1], M[i % m : i % m + 1]) for i in range(2)]
    torch.testing.assert_close(A(x), torch.cat([B(x[i : i + 1]) for i, B in enumerate(each)]))
    torch.testing.assert_close(A.H(y), torch.cat([B.H(y[i : i + 1]) for i, B in enumerate(each)]))
    torch.testing.assert_close(A.gram(x), torch.cat([B.gram(x[i : i + 1]) for i, B in enumerate(each)]))
    one = torch.cat([B.gram(x[:1]) for B in each]) if max(n, m) > 1 else A.gram(x[:1])
    torch.testing.assert_close(A.gram(x[:1]), one)  # one x serves every sample of the operator


def test_masks_of_different_directions_in_one_batch() -> None:
    M = torch.cat([mask("lines-x", 8, 8), mask("lines-y", 8, 8)])
    A = SenseOperator(normal(1, COILS, 8, 8, seed=3), M)
    x = normal(2, 8, 8)
    torch.testing.assert_close(A.gram(x), A.H(A(x)))
    assert (A(x)[M[:, None].expand(-1, COILS, -1, -1) == 0] == 0).all()


@pytest.mark.parametrize("kind", ["lines-x", "lines-y", "plane"])
def test_autograd_passes_through_every_way(kind: str) -> None:
    A = operator(kind, (5, 4))
    x, y = normal(1, 5, 4).requires_grad_(), normal(1, COILS, 5, 4, seed=2).requires_grad_()
    assert torch.autograd.gradcheck(A, (x,), fast_mode=True)
    assert torch.autograd.gradcheck(A.H, (y,), fast_mode=True)
    assert torch.autograd.gradcheck(A.gram, (x,), fast_mode=True)


def test_gradients_can_be_differentiated_again() -> None:
    A = operator("lines-x", (8, 9))
    x, v = normal(1, 8, 9).requires_grad_(), normal(1, 8, 9, seed=5)
    (g,) = torch.autograd.grad(A(x).abs().pow(2).sum(), x, create_graph=True)
    (Hv,) = torch.autograd.grad(g, x, v)
    torch.testing.assert_close(Hv, 2 * A.gram(v))


def test_gradient_of_the_misfit_is_the_adjoint_of_the_residual() -> None:
    A = operator("lines-x", (8, 9))
    x, y = normal(2, 8, 9).requires_grad_(), A(normal(2, 8, 9, seed=5))
    (A(x) - y).abs().pow(2).sum().backward()
    torch.testing.assert_close(x.grad, 2 * A.H(A(x.detach()) - y))


@pytest.mark.parametrize("kind", KINDS)
def test_full_sampling_with_unit_maps_is_unitary(kind: str) -> None:
    S = normal(1, COILS, 7, 8, seed=3)
    S = S / torch.linalg.vector_norm(S, dim=1, keepdim=True)
    x = normal(2, 7, 8)
    A = SenseOperator(S, mask(kind, 7, 8))
    full = kind == "full"
    assert torch.allclose(A.gram(x), x) is full
    assert torch.allclose(A.H(A(x)), x) is full


@pytest.mark.parametrize("kind", ["lines-x", "lines-y", "plane"])
def test_inputs_and_arguments_are_not_modified(kind: str) -> None:
    S, M = normal(1, COILS, 8, 9, seed=3), mask(kind, 8, 9)
    x, y = normal(1, 8, 9), normal(1, COILS, 8, 9, seed=2)
    before = [t.clone() for t in (S, M, x, y)]
    A = SenseOperator(S, M)
    A(x), A.H(y), A.gram(x)
    assert all(torch.equal(a, b) for a, b in zip((S, M, x, y), before, strict=True))


def test_strided_input_gives_the_same() -> None:
    A = operator("lines-y", (8, 9))
    x = normal(2, 9, 8).mT
    torch.testing.assert_close(A.gram(x), A.gram(x.contiguous()))
    torch.testing.assert_close(A(x), A(x.contiguous()))


def test_every_tensor_is_a_buffer() -> None:
    A = operator("lines-y", (7, 9))
    assert {name for name, _ in A.named_buffers()} == {"mask", "kernel.maps", "kernel.turned", "kernel.weight", "kernel.flip"}


def test_for_scan_takes_mask_and_maps() -> None:
    S, M = normal(1, COILS, 8, 8, seed=3), mask("lines-x", 8, 8)
    measured = Measured(None, Gaussian(), {"mask": Field(M, ("ky", "kx")), "sensitivity_maps": Field(S, ("coil", "y", "x"))})
    A, x = SenseOperator.for_scan(measured), normal(1, 8, 8)
    torch.testing.assert_close(A(x), SenseOperator(S, M)(x))
    assert A.image(x) is x
    with pytest.raises(DataError, match="mask, sensitivity_maps"):
        SenseOperator.for_scan(Measured(None, Gaussian()))


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        (torch.ones(COILS, 8, 8, dtype=torch.complex64), "3 axes"),
        (torch.ones(1, COILS, 8, 9, dtype=torch.complex64), "pixels"),
        (torch.ones(3, COILS, 8, 8, dtype=torch.complex64), "3 samples"),
        (torch.ones(1, COILS, 8, 8), "are real"),
        (torch.ones(1, COILS, 8, 8, dtype=torch.complex64, requires_grad=True), "gradient"),
    ],
)
def test_refuses_maps_that_do_not_fit(maps: Tensor, message: str) -> None:
    with pytest.raises(DataError, match=message):
        SenseOperator(maps, mask("plane", 8, 8, n=2))


@pytest.mark.parametrize(("operator", "sizes", "varying"), [(Sense3D, (5, 6, 7), (0, 1)), (Sense3D, (5, 6, 7), (2,)), (Sense3D, (4, 3, 5), (0, 1, 2)),
                                                             (KtSense, (4, 6, 5), (0, 1)), (KtSense, (3, 5, 6), (0, 2)), (KtSense, (3, 5, 6), (0, 1, 2))])  # fmt: skip
@pytest.mark.usefixtures("block")
def test_volumes_and_series_agree_with_the_definition(
    operator: type[SenseOperator], sizes: tuple[int, int, int], varying: tuple[int, ...]
) -> None:
    shape = [n if d in varying else 1 for d, n in enumerate(sizes)]
    M = (torch.rand(2, *shape, generator=torch.Generator().manual_seed(0)) < 0.5).double().expand(2, *sizes)
    series = operator is KtSense
    S = normal(1, COILS, *sizes[series:], seed=3)
    each, axes = (S[:, :, None], (-2, -1)) if series else (S, (-3, -2, -1))
    A, x, y = operator(S, M), normal(2, *sizes), normal(2, COILS, *sizes, seed=2)
    torch.testing.assert_close(A(x), M[:, None] * fft(each * x[:, None], axes))
    torch.testing.assert_close(A.H(y), (each.conj() * ifft(M[:, None] * y, axes)).sum(1))
    torch.testing.assert_close(A.gram(x), A.H(A(x)))
    assert A.codomain.axes == ("coil", "t" if series else "kz", "ky", "kx")  # type: ignore[union-attr]
    assert A.kernel.axes == tuple(d - 3 for d in varying if d or not series) or A.kernel.swap
