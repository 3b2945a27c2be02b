"""What is local in k-space is a convolution of the image: the same numbers, and only the transforms that are needed."""

import pytest
import torch

from mridiff.interfaces import Space, Streams
from mridiff_sdk.operators import Fourier, Mask, SampledBasis

SIZE = (5, 6)
MASKS = {"ky": (torch.arange(5)[:, None] != 1).expand(SIZE), "kx": (torch.arange(6) % 2 == 0).expand(SIZE),
         "both": torch.arange(30).reshape(SIZE) % 4 != 1, "none": torch.ones(SIZE, dtype=torch.bool)}  # fmt: skip
DIMS = {"ky": (-2,), "kx": (-1,), "both": (-2, -1), "none": None}


def chained(kind, mask):
    F = Fourier(Space(("channel", "y", "x"), (3, *SIZE)), ["y", "x"])
    if kind == "mask":
        return Mask(F.codomain, mask[None].float(), ("ky", "kx")), F
    basis = Streams.of(0).normal((4, 3), torch.float64)
    frames = torch.stack([mask, mask, torch.ones_like(mask), torch.zeros_like(mask)])
    return SampledBasis(F.codomain, basis, frames[None].double()), F


@pytest.mark.parametrize("varies", MASKS)
@pytest.mark.parametrize("kind", ["mask", "basis"])
def test_the_normal_operator_is_a_convolution_along_what_varies(kind, varies, monkeypatch):
    A, F = chained(kind, MASKS[varies])
    x = Streams.of(1, samples=2).normal((3, *SIZE), torch.complex128)
    expected = F.H(A.H(A(F(x))))
    transformed = []
    plain = torch.fft.fftn
    monkeypatch.setattr(torch.fft, "fftn", lambda x, dim, **more: transformed.append(tuple(sorted(dim))) or plain(x, dim=dim, **more))
    found = (A @ F).gram(x)
    assert torch.allclose(found, expected, atol=1e-12)
    assert transformed == ([DIMS[varies]] if DIMS[varies] else [])
