"""Operators on numpy arrays with a call and `.H` (sigpy's linops)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mridiff.interfaces import LinearOperator, Space

from ...operators import linear
from .shapes import returned


class FromLinop(LinearOperator):
    """y = linop(x), A^H y = linop.H(y) for objects that work on one sample as a numpy array of shape `linop.ishape`.

    `linops` holds one for all samples, or one for each. Arrays pass through the CPU; gradients pass by the adjoint.
    """

    codomain: Space

    def __init__(self, linops: Sequence[Any], domain: Space, codomain: Space) -> None:
        super().__init__()
        self.linops, self.domain, self.codomain = tuple(linops), domain, codomain

    def forward(self, x: Tensor) -> Tensor:
        """A x, (sample, *codomain)."""
        return linear(x, self._ahead, self._back)

    def adjoint(self, y: Tensor) -> Tensor:
        """A^H y, (sample, *domain)."""
        return linear(y, self._back, self._ahead)

    def _ahead(self, x: Tensor) -> Tensor:
        return self._each(self.linops, x, self.codomain)

    def _back(self, y: Tensor) -> Tensor:
        return self._each([linop.H for linop in self.linops], y, self.domain)

    def _each(self, maps: Sequence[Any], x: Tensor, space: Space) -> Tensor:
        if len(maps) not in {1, len(x)}:
            raise ValueError(f"{len(maps)} operators for {len(x)} samples: give one for all, or one for each")
        rows = zip(maps if len(maps) > 1 else [maps[0]] * len(x), x.detach().cpu().numpy(), strict=True)
        made = np.stack([np.asarray(A(row.reshape(A.ishape))) for A, row in rows])
        return returned(torch.from_numpy(made), space, x, type(maps[0]).__name__)
