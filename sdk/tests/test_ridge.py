import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.ridge import Ridge, principal


def data(samples=200, inputs=12, outputs=(3, 4), noise=0.5, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(samples, inputs, generator=g) * 3 + 1
    weights = torch.randn(inputs, outputs[0] * outputs[1], generator=g)
    return x, (x @ weights + noise * torch.randn(samples, weights.shape[1], generator=g) - 2).unflatten(1, outputs)


@pytest.mark.parametrize("samples", [200, 8])
def test_it_is_the_closed_form_of_its_penalty(samples):
    x, y = data(samples)
    ridge = Ridge(12, (3, 4), rank=12)
    penalty = ridge.fit(x, y, penalties=(7.0,))
    u, flat = (x - x.mean(0)) / x.std(0), y.flatten(1)
    expected = u @ torch.linalg.solve(u.T @ u + penalty * torch.eye(12), u.T @ (flat - flat.mean(0))) + flat.mean(0)
    torch.testing.assert_close(ridge(x), expected.unflatten(1, (3, 4)), rtol=1e-3, atol=1e-3)


def test_the_penalty_grows_with_the_noise_and_predicts_unseen_samples():
    chosen = [Ridge(12, (3, 4), 12).fit(*data(60, noise=noise), penalties=(0.1, 1e2, 1e4)) for noise in (0.1, 300.0)]
    assert chosen[0] == 0.1 < chosen[1]
    x, y = data(400)
    ridge = Ridge(12, (3, 4), 12)
    ridge.fit(x[:200], y[:200])
    assert float((ridge(x[200:]) - y[200:]).square().mean()) < 0.05 * float((y[:200].mean(0) - y[200:]).square().mean())


def test_restored_predictions_vary_as_their_target_does():
    x, y = data(400, noise=20.0)
    plain, restored = Ridge(12, (3, 4), 12), Ridge(12, (3, 4), 12)
    plain.fit(x[:300], y[:300])
    restored.fit(x[:300], y[:300], restore=True)
    ratios = [float((r(x[300:]).std(0) / y[300:].std(0)).mean()) for r in (plain, restored)]
    assert ratios[0] < 0.6 and 0.8 < ratios[1] < 1.2
    torch.testing.assert_close(restored(x).mean(0), plain(x).mean(0), rtol=0.2, atol=0.5)  # about the same mean


def test_low_rank_keeps_the_principal_components():
    x, y = data(noise=0.0)
    ridge = Ridge(12, (3, 4), 4)
    ridge.fit(x, y, penalties=(1e-6,))
    flat = y.flatten(1) - y.flatten(1).mean(0)
    basis = torch.linalg.svd(flat, full_matrices=False).Vh[:4]
    torch.testing.assert_close(ridge(x).flatten(1) - y.flatten(1).mean(0), flat @ basis.T @ basis, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shape", [(5, 9), (9, 5)])
def test_principal_directions_are_orthonormal_and_padded_with_zeros(shape):
    y = torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows = principal(y, 7)
    torch.testing.assert_close(rows @ rows.T, torch.diag(torch.tensor([1.0] * 5 + [0.0] * 2, dtype=torch.float64)), rtol=0, atol=1e-8)


def test_too_few_samples_are_refused():
    with pytest.raises(DataError, match="folds"):
        Ridge(12, (3, 4), 2).fit(*data(4))
