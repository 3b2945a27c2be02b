from __future__ import annotations

import itertools

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Prior, Space, Streams
from mridiff_sdk.adaptors import Fold, ReIm, Tile
from mridiff_sdk.adaptors.tile import starts
from mridiff_sdk.diffusions import VE, VP
from mridiff_sdk.oracles import Covariance, GaussianPrior

PLANE = Space(("y", "x"))
VOLUME = Space(("coil", "z", "y", "x"))


class Plane(Prior):
    """Depends on place, time, condition and stream, so that any mix-up shows."""

    space, diffusion = PLANE, VE()

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[int] = []

    def forward(self, x_t, t, conditions=None, rng=None):
        self.calls.append(len(x_t))
        t = torch.as_tensor(t, dtype=x_t.real.dtype)
        x0 = x_t.cumsum(-1) * (t.reshape(-1, 1, 1) if t.ndim else t)
        if conditions:
            guide = conditions["guide"]
            assert guide.axes == ("y", "x") and guide.data.shape == x_t.shape
            x0 = x0 + guide.data * conditions["label"].data
        return x0 + rng.normal_like(x_t) if rng is not None else x0


def volume(samples: int = 2) -> torch.Tensor:
    return Streams.of(0, "volume", samples).normal((3, 4, 5, 6))


@pytest.mark.parametrize("chunk", [None, 5, 100])
@pytest.mark.parametrize("keep", [None, ("z", "x"), ("x", "coil")])
def test_fold_is_the_loop_over_slices(keep, chunk):
    x, t, prior = volume(), torch.tensor([0.5, 2.0]), Plane()
    label = Field(torch.tensor([[1.0], [3.0]]).reshape(2, 1, 1), ("token", "channel"))
    guide = Field(Streams.of(1, "g", 2).normal((3, 4, 5, 6)), VOLUME.axes)
    out = Fold(prior, VOLUME, keep, chunk)(x, t, {"guide": guide, "label": label})
    last = keep or ("y", "x")
    dims = [1 + VOLUME.axes.index(a) for a in last]
    sums = x.cumsum(dims[1]) * t.reshape(2, 1, 1, 1, 1) + guide.data * torch.tensor([1.0, 3.0]).reshape(2, 1, 1, 1, 1)
    torch.testing.assert_close(out, sums)
    assert max(prior.calls) <= (chunk or 10**6) and sum(prior.calls) == 2 * 3 * 4 * 5 * 6 // (x.shape[dims[0]] * x.shape[dims[1]])


def test_fold_slices_partial_conditions_and_repeats_absent_axes():
    x = torch.zeros(2, 3, 4, 5, 6)
    by_slice = Field(torch.arange(4.0).reshape(1, 4, 1, 1).expand(1, 4, 5, 6), ("z", "y", "x"))
    one = Field(torch.ones(1, 1, 1), ("token", "channel"))
    out = Fold(Plane(), VOLUME)(x, 1.0, {"guide": by_slice, "label": one})
    torch.testing.assert_close(out, by_slice.data[:, None].expand(2, 3, 4, 5, 6))


@pytest.mark.parametrize("make", [lambda chunk: Fold(Plane(), VOLUME, chunk=chunk)])
def test_random_streams_belong_to_sample_and_slice(make):
    x = torch.zeros(3, 3, 4, 5, 6)
    batch = make(None)(x, 1.0, rng=Streams.of(4, "scan", 3))
    torch.testing.assert_close(make(7)(x, 1.0, rng=Streams.of(4, "scan", 3)), batch)
    torch.testing.assert_close(make(None)(x[2:], 1.0, rng=Streams.of(4, "scan", [2])), batch[2:])
    rows = batch.flatten(0, 2)
    assert len({float(r.abs().sum()) for r in rows}) == len(rows)
    rng = Streams.of(4, "scan", 3)
    assert not torch.allclose(make(None)(x, 1.0, rng=rng), make(None)(x, 1.0, rng=rng))


def test_fold_refuses_axes_that_do_not_fit():
    with pytest.raises(ValueError, match="fold"):
        Fold(Plane(), VOLUME, ("y", "t"))
    with pytest.raises(ValueError, match="fold"):
        Fold(Plane(), Space(("z", "y", "x"), complex=False))


@pytest.mark.parametrize(("n", "size", "stride"), [(7, 2, 2), (8, 8, 3), (13, 4, 3), (64, 24, 17), (30, 7, 1), (11, 4, 4), (12, 5, 5)])
def test_tiles_cover_symmetrically_with_the_stride_at_most(n, size, stride):
    places = starts(n, size, stride)
    assert places[0] == 0 and places[-1] == n - size
    assert all(0 < b - a <= stride for a, b in itertools.pairwise(places))
    assert places == [n - size - p for p in reversed(places)]
    assert len(places) <= -(-(n - size) // stride) + 2


class Local(Plane):
    def forward(self, x_t, t, conditions=None, rng=None):
        self.calls.append(len(x_t))
        x0 = 2 * x_t + (conditions["guide"].data if conditions else 0)
        return x0 + rng.normal_like(x_t) if rng is not None else x0


def test_tiling_a_pointwise_prior_changes_nothing():
    x = Streams.of(0, "x", 2).normal((13, 10), torch.complex128)
    guide = Field(Streams.of(1, "g", 1).normal((13, 10), torch.complex128), ("y", "x"))
    tile = Tile(Local(), {"y": 4, "x": 5}, {"y": 3, "x": 5})
    torch.testing.assert_close(tile(x, 1.0, {"guide": guide}), 2 * x + guide.data)
    torch.testing.assert_close(Tile(Local(), {"x": 6}, {"x": 2})(x, 1.0), 2 * x)


def test_a_mirrored_image_has_a_mirrored_estimate():
    class Mean(Plane):
        def forward(self, x_t, t, conditions=None, rng=None):
            return x_t * x_t.abs().mean((-2, -1), keepdim=True)

    x = Streams.of(0, "x", 2).normal((13, 11))
    tile = Tile(Mean(), {"y": 4, "x": 5}, {"y": 3, "x": 2})
    torch.testing.assert_close(tile(x.flip(-2, -1), 1.0), tile(x, 1.0).flip(-2, -1))


def test_tiles_have_streams_of_their_own():
    x = torch.zeros(3, 8, 8)
    tile = Tile(Local(), {"y": 4, "x": 4}, {"y": 4, "x": 4})
    batch = tile(x, 1.0, rng=Streams.of(0, "s", 3))
    torch.testing.assert_close(tile(x[1:2], 1.0, rng=Streams.of(0, "s", [1])), batch[1:2])
    assert not torch.allclose(batch[0, :4], batch[0, 4:])


@pytest.mark.parametrize("chunk", [2, 5, 100])
def test_patches_in_batches_are_what_each_is_alone(chunk):
    class Timed(Local):
        def forward(self, x_t, t, conditions=None, rng=None):
            return super().forward(x_t, t, conditions, rng) + torch.as_tensor(t).reshape(-1, 1, 1)

    x, t = Streams.of(0, "x", 2).normal((13, 10), torch.complex128), torch.tensor([0.2, 0.7])
    guide = {"guide": Field(Streams.of(1, "g", 1).normal((13, 10), torch.complex128), ("y", "x"))}
    alone, together = (Tile(Timed(), {"y": 4, "x": 5}, {"y": 3, "x": 3}, chunk=n) for n in (1, chunk))
    torch.testing.assert_close(together(x, t, guide, Streams.of(0, "s", 2)), alone(x, t, guide, Streams.of(0, "s", 2)))
    assert max(together.prior.calls) == 2 * min(chunk, 16) and max(alone.prior.calls) == 2


def test_tile_refuses_what_cannot_be_tiled():
    with pytest.raises(DataError, match="patch"):
        Tile(Plane(), {"y": 16}, {"y": 8})(torch.zeros(1, 8, 8), 1.0)
    with pytest.raises(ValueError, match="stride"):
        Tile(Plane(), {"y": 4}, {"y": 5})


@pytest.mark.parametrize("d", [VE(1e-4, 100.0), VP()], ids=["ve", "vp"])
def test_reim_of_a_gaussian_prior_is_the_complex_gaussian_prior(d):
    # Parts of variance v make complex numbers of variance 2 v; a wrong sigma factor would show in the gain.
    v, real, both = 0.7, Space(("y", "x"), (4, 4), complex=False), Space(("y", "x"), (4, 4))
    inner = GaussianPrior(torch.zeros(1, 4, 4, dtype=torch.float64), Covariance.diagonal(real, v), d)
    exact = GaussianPrior(torch.zeros(1, 4, 4, dtype=torch.complex128), Covariance.diagonal(both, 2 * v), d)
    x_t = Streams.of(0, "x", 2).normal((4, 4), torch.complex128)
    for t in (0.1, 0.5, 0.9, torch.tensor([0.2, 0.7])):
        torch.testing.assert_close(ReIm(inner)(x_t, t), exact(x_t, t))
    assert ReIm(inner).space == both
    with pytest.raises(ValueError, match="real"):
        ReIm(exact)
