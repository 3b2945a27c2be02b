import pytest
import torch

from mridiff_sdk.consistency.conjugate_gradients import conjugate_gradients

DTYPES = [torch.float64, torch.complex128]


def system(n=3, shape=(3, 4), dtype=torch.complex128, seed=0):
    g = torch.Generator().manual_seed(seed)
    size = shape[0] * shape[1]
    half = torch.randn(n, size, size, generator=g, dtype=dtype)
    matrix = half @ half.mH + 0.5 * torch.eye(size, dtype=dtype)
    b = torch.randn(n, *shape, generator=g, dtype=dtype)
    return matrix, b, lambda x: (matrix @ x.flatten(1)[..., None])[..., 0].view_as(x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("start", [False, True])
def test_solves(dtype, start):
    matrix, b, A = system(dtype=dtype)
    x0 = torch.ones_like(b) if start else None
    x = conjugate_gradients(A, b, x0, iterations=60, tolerance=1e-12)
    torch.testing.assert_close(x.flatten(1), torch.linalg.solve(matrix, b.flatten(1)), rtol=1e-8, atol=1e-8)


def test_exact_after_as_many_steps_as_eigenvalues():
    values = torch.tensor([1.0, 1, 4, 4, 9, 9], dtype=torch.float64)
    b = torch.arange(1.0, 7, dtype=torch.float64)[None]
    torch.testing.assert_close(conjugate_gradients(lambda x: values * x, b, iterations=3, tolerance=0), b / values)
    assert not torch.allclose(conjugate_gradients(lambda x: values * x, b, iterations=2, tolerance=0), b / values, rtol=1e-3)


def test_batch_is_loop_though_samples_end_at_different_times():
    matrix, b, A = system(4)
    b = b * torch.tensor([1e6, 1.0, 0.0, 1e-6], dtype=torch.float64)[:, None, None]
    matrix[1] = torch.eye(12) + 0.01 * matrix[2]  # at rest after two steps, though not exactly solved
    x = conjugate_gradients(A, b, iterations=12, tolerance=1e-3)
    for i in range(4):
        one = conjugate_gradients(lambda v, i=i: (matrix[i] @ v.flatten()).view_as(v), b[i : i + 1], iterations=12, tolerance=1e-3)
        torch.testing.assert_close(x[i : i + 1], one, rtol=1e-6, atol=1e-12)


def test_zero_right_hand_side_gives_zero_even_from_a_start():
    _, b, A = system()
    assert (conjugate_gradients(A, torch.zeros_like(b)) == 0).all()
    assert conjugate_gradients(A, torch.zeros_like(b), torch.ones_like(b), iterations=60).abs().max() < 1e-6


def test_singular_but_consistent():
    values = torch.tensor([0.0, 1, 2], dtype=torch.float64)
    b = torch.tensor([[0.0, 3, 4]], dtype=torch.float64)
    torch.testing.assert_close(conjugate_gradients(lambda x: values * x, b), torch.tensor([[0.0, 3, 2]], dtype=torch.float64))
    assert (conjugate_gradients(lambda x: 0 * x, b) == 0).all()


def test_stops_when_all_have_converged_and_costs_one_call_per_step():
    calls = []

    def A(x):
        calls.append(1)
        return 2 * x

    _, b, _ = system()
    conjugate_gradients(A, b, iterations=50)
    assert len(calls) == 1
    conjugate_gradients(A, b, b / 2, iterations=50)
    assert len(calls) == 2


def test_inputs_stay_and_an_aliasing_operator_does_no_harm():
    _, b, A = system()
    x0 = torch.ones_like(b)
    before = b.clone()
    conjugate_gradients(A, b, x0)
    assert torch.equal(b, before)
    assert (x0 == 1).all()
    torch.testing.assert_close(conjugate_gradients(lambda x: x, b), b)


def test_strided_right_hand_side_and_broadcast_start():
    _, b, A = system(2, (4, 4))
    expected = conjugate_gradients(A, b.mT.contiguous(), iterations=60, tolerance=1e-10)
    torch.testing.assert_close(conjugate_gradients(A, b.mT, torch.ones(1, 1, 1), iterations=60, tolerance=1e-10), expected)


def test_a_nan_is_not_hidden():
    _, b, _ = system()
    assert conjugate_gradients(lambda x: x * float("nan"), b).isnan().all()
