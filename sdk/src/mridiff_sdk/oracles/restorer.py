"""Restorers that know the truth, for samplers of cold diffusions."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mridiff.interfaces import Codec, Diffusion, Field, Identity, Prior, Scaling, Space, Streams


class RestorerOracle(Prior):
    """Answers x0 (1 or sample, *space) whatever it is shown, or, with `error` e > 0, x0 + e (x_t - x0): it keeps a share of the damage.

    With no error every reverse rule must lead to x0; with some, a good rule's result tends to x0 as its steps become small.
    """

    def __init__(self, x0: Tensor, space: Space, diffusion: Diffusion, error: float = 0.0, codec: Codec | None = None) -> None:
        super().__init__()
        self.space, self.diffusion, self.error = space, diffusion, error
        self.scaling = Scaling("fixed", 1.0)
        self.codec = codec or Identity()
        self.x0: Tensor
        self.register_buffer("x0", x0)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The answer, (sample, *space)."""
        return self.x0 + self.error * (x_t - self.x0)
