"""Time-segmented: an acquisition during which the phase goes on, as off-resonance makes it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, single

BINS = 200
"""Frequencies at which the weights of segments are fitted."""


class TimeSegmented(LinearOperator):
    """y_j = sum_p A_jp exp(-2 pi i f_p t_j) x_p, for a field map f in Hz and the time t_j in seconds at which each sample was taken.

    `field` is real (1 or sample, *image), over the last axes of A's domain, `times` real (*samples,), over the last of its codomain. The
    phase is interpolated in time between `segments` instants, y = sum_l b_l A e_l x: A is applied as often as there are segments, which
    are fitted to the range of f by least squares. Raises DataError for a field or times that do not fit.
    Source: Noll et al., IEEE Trans. Med. Imaging 10, 1991; the weights as in Fessler et al., IEEE Trans. Signal Process. 53, 2005.
    """

    phases: Tensor
    weights: Tensor

    def __init__(self, A: LinearOperator, field: Tensor, times: Tensor, segments: int) -> None:
        super().__init__()
        image, samples = A.domain.shape, single(A.codomain).shape
        self.lead = len(image) - field.ndim + 1, len(samples) - times.ndim
        if field.is_complex() or tuple(field.shape[1:]) != image[self.lead[0] :] or tuple(times.shape) != samples[self.lead[1] :]:
            raise DataError(f"a field map of shape {tuple(field.shape)} and times of shape {tuple(times.shape)} do not fit {A.domain} and "
                            f"{A.codomain}", hint="Give Hz (1 or sample, *image), and seconds for every sample.")  # fmt: skip
        self.A, self.domain, self.codomain, self.rough_name = A, A.domain, A.codomain, A.rough_name
        instants = torch.linspace(float(times.min()), float(times.max()), segments, dtype=torch.float64, device=times.device)
        turns = field.double()[..., None] * instants
        number = field.dtype.to_complex()
        self.register_buffer("phases", torch.polar(torch.ones_like(turns), -2 * math.pi * turns).to(number))
        self.register_buffer("weights", torch.stack([_weights(f, times, instants) for f in field]).to(number))

    def forward(self, x: Tensor) -> Tensor:
        """sum_l b_l A e_l x."""
        parts = [b * self.A(e * x) for e, b in self._segments()]
        return torch.stack(parts).sum(0)

    def adjoint(self, y: Tensor) -> Tensor:
        """sum_l conj(e_l) A^H conj(b_l) y."""
        return torch.stack([e.conj() * self.A.adjoint(b.conj() * y) for e, b in self._segments()]).sum(0)

    def rough(self, y: Tensor) -> Tensor:
        """A first look segment by segment."""
        return torch.stack([e.conj() * self.A.rough(b.conj() * y) for e, b in self._segments()]).sum(0)

    def _segments(self) -> list[tuple[Tensor, Tensor]]:
        """Phase of the image and weight of the samples, shaped to multiply them, segment by segment."""
        e, b = (part.reshape(len(part), *(1,) * lead, *part.shape[1:])
                for part, lead in zip((self.phases, self.weights), self.lead, strict=True))  # fmt: skip
        return list(zip(e.unbind(-1), b.unbind(-1), strict=True))


def _weights(field: Tensor, times: Tensor, instants: Tensor) -> Tensor:
    """b_l(t), complex128 (*samples, segment), so that sum_l b_l(t) exp(-2 pi i f instants_l) is exp(-2 pi i f t) for all f of a map."""
    f = torch.linspace(float(field.min()), float(field.max()), BINS, dtype=torch.float64, device=field.device)[:, None]
    each, place = times.double().unique(return_inverse=True)
    known, wanted = (torch.exp(-2j * math.pi * f * t) for t in (instants, each))
    gram = known.mH @ known + 1e-9 * BINS * torch.eye(len(instants), dtype=known.dtype, device=known.device)
    weights: Tensor = torch.linalg.solve(gram, known.mH @ wanted)
    return weights.mT[place]
