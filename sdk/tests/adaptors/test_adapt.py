"""Which adaptor is chosen for what, and that each gives the exact estimate of a prior for which it can be computed, or is a loop."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, LinearOperator, Measured, Prior, Problem, Space, Streams
from mridiff_sdk.adaptors import Fold, InKspace, Magnitude, Planes, ReIm, Tile, adapt
from mridiff_sdk.codecs import Channels
from mridiff_sdk.diffusions import VE, VP
from mridiff_sdk.operators import Fourier
from mridiff_sdk.oracles import Covariance, GaussianPrior

DIFFUSIONS = pytest.mark.parametrize("d", [VE(1e-4, 100.0), VP()], ids=["ve", "vp"])


class Speaks(Prior):
    """A prior of a given space that runs sums along its last axis, so that directions can be told apart."""

    def __init__(self, axes: tuple[str, ...], sizes: tuple[int | None, ...] = (), complex: bool = True, kind: str = "image") -> None:  # noqa: A002
        super().__init__()
        self.space, self.diffusion = Space(axes, sizes, complex, kind=kind), VE()

    def forward(self, x_t, t, conditions=None, rng=None):
        return x_t.cumsum(-1)


@pytest.mark.parametrize(("prior", "axes", "sizes", "kinds"), [
    (Speaks(("y", "x")), ("y", "x"), (20, 24), [Speaks]),
    (Speaks(("y", "x")), ("coil", "t", "y", "x"), (3, 40, 20, 24), [Fold, Speaks]),
    (Speaks(("y", "x")), ("z", "y", "x"), (4, 20, 24), [Fold, Speaks]),
    (Speaks(("y", "x")), ("z", "y", "x"), (16, 20, 24), [Fold, Speaks]),
    (Speaks(("t", "y")), ("t", "y", "x"), (8, 20, 24), [Planes, Speaks]),
    (Speaks(("y", "x"), (16, 16)), ("y", "x"), (20, 24), [Tile, Speaks]),
    (Speaks(("y", "x"), (16, 24)), ("t", "y", "x"), (3, 20, 24), [Fold, Tile, Speaks]),
    (Speaks(("y", "x"), complex=False), ("t", "y", "x"), (3, 20, 24), [Fold, ReIm, Speaks]),
    (Speaks(("y", "x"), complex=False, kind="magnitude"), ("y", "x"), (20, 24), [Magnitude, Speaks]),
    (Speaks(("ky", "kx")), ("y", "x"), (20, 24), [InKspace, Speaks]),
    (Speaks(("ky", "kx")), ("t", "y", "x"), (3, 20, 24), [Fold, InKspace, Speaks]),
    (Speaks(("z", "y", "x"), (16, 16, 16)), ("z", "y", "x"), (20, 20, 24), [Tile, Speaks]),
])  # fmt: skip
def test_adaptors_are_chosen_by_axes_sizes_and_number_type(prior, axes, sizes, kinds):
    space = Space(axes, sizes)
    made = adapt(prior, space)
    assert made.space.admits(made.codec.space(space))
    x = Streams.of(0, "x").normal(sizes, torch.complex64)
    assert made(x, 1.0, {"phase": Field(torch.zeros(1, *sizes), axes)}).shape == x.shape
    found = []
    while made is not prior:
        found.append(type(made))
        made = made.prior
    assert [*found, type(prior)] == kinds


@pytest.mark.parametrize(("prior", "axes", "sizes"), [
    (Speaks(("z", "y", "x")), ("y", "x"), (20, 24)),
    (Speaks(("y", "x"), (32, 16)), ("y", "x"), (20, 24)),
    (Speaks(("modality", "y", "x"), (2, None, None)), ("modality", "y", "x"), (3, 20, 24)),
    (Speaks(("t", "y")), ("z", "y", "x"), (8, 20, 24)),
], ids=["more axes", "smaller than a patch", "other modalities", "no such axis"])  # fmt: skip
def test_what_no_adaptor_bridges_is_refused_with_both_spaces(prior, axes, sizes):
    with pytest.raises(DataError, match="cannot serve"):
        adapt(prior, Space(axes, sizes))


def test_what_a_codec_cannot_encode_is_refused(monkeypatch):
    """Images of coefficients have an axis `channel`, which a codec that makes channels of complex numbers has no place for."""
    prior = Speaks(("channel", "y", "x"), (2, None, None), complex=False)
    monkeypatch.setattr(type(prior), "codec", Channels(), raising=False)
    with pytest.raises(DataError, match=r"cannot serve an unknown in .*without an axis 'channel'"):
        adapt(prior, Space(("channel", "y", "x"), (4, 8, 6)))


def test_a_prior_in_a_unit_serves_unknowns_in_that_unit_alone():
    """Susceptibility in ppm is no image of a coil; an image without a unit may be anything."""

    class Ppm(Speaks):
        def __init__(self):
            super().__init__(("z", "y", "x"), complex=False, kind="susceptibility")
            self.space = replace(self.space, unit="ppm")

    ppm, volume = Ppm(), Space(("z", "y", "x"), (20, 20, 24), complex=False)
    with pytest.raises(DataError, match="another unit"):
        adapt(ppm, volume)
    assert adapt(ppm, replace(volume, unit="ppm")) is ppm
    assert isinstance(adapt(Speaks(("y", "x"), complex=False), replace(volume, unit="ppm")), Fold)


def test_planes_are_the_mean_of_loops_over_slices_of_every_direction():
    space = Space(("z", "y", "x"), (17, 18, 19))
    x = Streams.of(0, "x", 2).normal(space.shape, torch.complex128)
    # Along the last kept axis: x for planes (y, x), y for (z, y), x for (z, x).
    planes = Planes(Speaks(("y", "x")), space, [("y", "x"), ("z", "y"), ("z", "x")])
    torch.testing.assert_close(planes(x, 1.0), (2 * x.cumsum(3) + x.cumsum(2)) / 3)


@DIFFUSIONS
def test_planes_of_white_gaussian_volumes_are_exact(d):
    space = Space(("z", "y", "x"), (16, 17, 18))
    mean, variance = 0.3 + 0.2j, 0.7
    plane = Space(("y", "x"))
    x_t = Streams.of(0, "x", 2).normal(space.shape, torch.complex128)
    exact = GaussianPrior(torch.full(space.shape, mean, dtype=torch.complex128), Covariance.diagonal(space, variance), d)

    class White(Prior):
        space, diffusion = plane, d

        def forward(self, x_t, t, conditions=None, rng=None):
            a, s = (v.reshape(-1, 1, 1) for v in (d.alpha(t), d.sigma(t)))
            return mean + a * variance / (a**2 * variance + s**2) * (x_t - a * mean)

    for t in (0.1, torch.tensor([0.2, 0.7])):
        torch.testing.assert_close(Planes(White(), space, [("y", "x"), ("z", "y"), ("z", "x")])(x_t, t), exact(x_t, t))


@DIFFUSIONS
def test_a_gaussian_prior_of_kspace_is_the_stationary_one_of_images(d):
    sizes, power = (6, 7), 0.1 + Streams.of(0, "power").uniform((6, 7), torch.float64)[0]
    space = Space(("y", "x"), sizes)
    inner = GaussianPrior(torch.zeros(sizes, dtype=torch.complex128), Covariance.diagonal(Space(("ky", "kx"), sizes), power), d)
    exact = GaussianPrior(torch.zeros(sizes, dtype=torch.complex128), Covariance.stationary(space, power), d)
    prior, x_t = adapt(inner, space), Streams.of(1, "x", 2).normal(sizes, torch.complex128)
    for t in (0.1, torch.tensor([0.2, 0.7])):
        torch.testing.assert_close(prior.codec.decode(prior(prior.codec.encode(x_t), t)), exact(x_t, t))


@DIFFUSIONS
def test_magnitudes_of_known_phase_are_denoised_exactly(d):
    """x0 = r e^(i p), r real and Gaussian: what is out of phase is noise, and the rest has half of its variance."""
    sizes, v = (5, 6), 0.7
    real = Space(("y", "x"), sizes, complex=False, kind="magnitude")
    prior = Magnitude(GaussianPrior(torch.full(sizes, 0.4, dtype=torch.float64), Covariance.diagonal(real, v), d))
    x_t = Streams.of(0, "x", 2).normal(sizes, torch.complex128)
    p = Streams.of(0, "p").normal(sizes, torch.float64)
    turn = torch.polar(torch.ones_like(p), p)
    for t in (0.1, torch.tensor([0.2, 0.7])):
        a, s = (value.double().reshape(-1, 1, 1) for value in (d.alpha(t), d.sigma(t)))
        part = (turn.conj() * x_t).real
        exact = 0.4 + a * v / (a**2 * v + s**2 / 2) * (part - a * 0.4)
        torch.testing.assert_close(prior(x_t, t, {"phase": Field(p, ("y", "x"))}), turn * exact)


def test_the_phase_is_that_of_the_measurement_at_low_resolution():
    sizes = (32, 30)
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in sizes), indexing="ij")
    image = torch.polar(torch.exp(-3 * (x**2 + y**2)), 1.0 + 0.4 * x)[None]
    A: LinearOperator = Fourier(Space(("y", "x"), sizes), ["y", "x"])
    problem = Problem.of(A, Measured(Gaussian(0.01).draw(A(image), Streams.of(0)), Gaussian(0.01)))
    found = Magnitude(Speaks(("y", "x"), complex=False)).conditions(problem)["phase"]
    inside = image.abs() > 0.3
    assert found.axes == ("y", "x") and float((found.data - image.angle())[inside].abs().max()) < 0.1
    nothing = Problem.of(None, Measured(None, Gaussian(0.01)), space=Space(("y", "x"), sizes))
    assert float(Magnitude(Speaks(("y", "x"), complex=False)).conditions(nothing)["phase"].data.abs().max()) < 1e-5


@DIFFUSIONS
def test_patches_of_white_gaussian_images_are_exact(d):
    space, patch = Space(("y", "x"), (11, 13)), Space(("y", "x"), (8, 8))
    inner = GaussianPrior(torch.full((8, 8), 0.3 + 0.1j, dtype=torch.complex128), Covariance.diagonal(patch, 0.7), d)
    exact = GaussianPrior(torch.full((11, 13), 0.3 + 0.1j, dtype=torch.complex128), Covariance.diagonal(space, 0.7), d)
    x_t = Streams.of(0, "x", 2).normal(space.shape, torch.complex128)
    made = adapt(inner, space)
    for t in (0.1, torch.tensor([0.2, 0.7])):
        torch.testing.assert_close(made(x_t, t), exact(x_t, t))


def test_wrong_priors_are_refused():
    with pytest.raises(ValueError, match="real"):
        Magnitude(Speaks(("y", "x")))
    with pytest.raises(ValueError, match="k-space"):
        InKspace(Speaks(("y", "x")))
