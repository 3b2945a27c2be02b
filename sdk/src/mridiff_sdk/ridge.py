"""Ridge: a linear decoder fitted in closed form, its penalty chosen by cross-validation, its output of low rank."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mridiff.errors import DataError

__all__ = ["Ridge"]

PENALTIES = (1e1, 1e2, 1e3, 1e4, 1e5)


class Ridge(nn.Module):
    """y = mean + ((x - x_mean) / x_scale) into out, for x (sample, input) and y (sample, *shape); zeros until `fit` or loaded weights."""

    x_mean: Tensor
    x_scale: Tensor
    into: Tensor
    out: Tensor
    mean: Tensor

    def __init__(self, inputs: int, shape: Sequence[int], rank: int) -> None:
        super().__init__()
        self.shape = tuple(shape)
        outputs = torch.Size(self.shape).numel()
        buffers = {"x_mean": (inputs,), "x_scale": (inputs,), "into": (inputs, rank), "out": (rank, outputs), "mean": (outputs,)}
        for name, size in buffers.items():
            self.register_buffer(name, torch.zeros(size))

    def forward(self, x: Tensor) -> Tensor:
        """The prediction, (sample, *shape)."""
        y: Tensor = (self.mean + ((x - self.x_mean) / self.x_scale) @ self.into @ self.out).unflatten(1, self.shape)
        return y

    @torch.no_grad()
    def fit(self, x: Tensor, y: Tensor, *, penalties: Sequence[float] = PENALTIES, folds: int = 5, restore: bool = False) -> float:
        """Fit to x (sample, input) and y (sample, *shape); returns the penalty with the least cross-validated error.

        Inputs are standardised; y is replaced by its `rank` first principal components. `restore` stretches every output to the standard
        deviation that y has in training, measured on the cross-validated predictions (predictions shrink towards the mean). No statistic
        of what is predicted later is used. Raises DataError for fewer samples than folds.
        """
        if len(x) < folds:
            raise DataError(f"{len(x)} samples are too few for {folds} folds", hint="fit to more samples")
        self.x_mean.copy_(x.mean(0))
        self.x_scale.copy_(x.std(0).clamp_min(1e-6))
        u = ((x - self.x_mean) / self.x_scale).double()
        flat = y.flatten(1).double()
        mean = flat.mean(0)
        basis = principal(flat - mean, self.into.shape[1])
        scores = (flat - mean) @ basis.T
        fold = torch.arange(len(u)) % folds
        guesses = torch.empty(len(penalties), *scores.shape, dtype=scores.dtype)
        for k in range(folds):
            for i, weights in enumerate(solve(u[fold != k], scores[fold != k], penalties)):
                guesses[i, fold == k] = u[fold == k] @ weights
        best = int((guesses - scores).square().mean((1, 2)).argmin())
        gain = torch.ones_like(mean)
        if restore:
            gain = flat.std(0) / (guesses[best] @ basis).std(0).clamp_min(1e-9)
        self.into.copy_(solve(u, scores, penalties[best : best + 1])[0])
        self.out.copy_(basis * gain)
        self.mean.copy_(mean)
        return penalties[best]


def solve(u: Tensor, y: Tensor, penalties: Sequence[float]) -> list[Tensor]:
    """(u^T u + penalty)^-1 u^T y, (input, output), for each penalty, by one eigendecomposition: of u u^T where that is the smaller one."""
    few = len(u) < u.shape[1]
    values, vectors = torch.linalg.eigh(u @ u.T if few else u.T @ u)
    turned = vectors.T @ (y if few else u.T @ y)
    weights = [vectors @ (turned / (values + p)[:, None]) for p in penalties]
    return [u.T @ w for w in weights] if few else weights


def principal(y: Tensor, rank: int) -> Tensor:
    """The first principal directions of centred y (sample, output), orthonormal rows (rank, output); zeros where there are fewer."""
    small = min(y.shape) == y.shape[1]
    values, vectors = torch.linalg.eigh(y.T @ y if small else y @ y.T)
    top = vectors.flip(1)[:, :rank]
    kept = values.flip(0)[:rank] > 1e-12 * values[-1]
    rows = (top if small else torch.nn.functional.normalize(y.T @ top, dim=0)).T * kept[:, None]
    return torch.nn.functional.pad(rows, (0, 0, 0, rank - len(rows)))
