"""The coordinate network and its two fits, on a phantom with phase."""

from dataclasses import replace
from math import pi, sqrt

import pytest
import torch

from mridiff.interfaces import Blocks, Gaussian, Poisson, Streams
from mridiff_diffinr.encoding import SPREAD, HashEncoding, hashed, interpolation, vertices
from mridiff_diffinr.network import Architecture, CoordinateNetwork
from mridiff_diffinr.refinement import Refinement, misfit_of_noise, norm, residual
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.sampling_patterns import mask

N = 64


def phantom(n=N):
    """Ellipses with a smooth phase, (1, y, x)."""
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, n),) * 2, indexing="ij")
    ellipses = ((1.0, 0, 0, 0.7, 0.9), (-0.4, 0.1, 0, 0.55, 0.75), (0.3, -0.3, 0.2, 0.2, 0.1), (0.4, 0.3, -0.3, 0.1, 0.25))
    a = sum(v * (((y - b) / h) ** 2 + ((x - c) / w) ** 2 < 1) for v, b, c, w, h in ellipses)
    return torch.polar(a.float(), 1 + x - 0.5 * y)[None]


def decibels(x, truth):
    return float(10 * torch.log10(truth.abs().max() ** 2 / (x - truth).abs().square().mean()))


@pytest.fixture(scope="module")
def fitted():
    """A problem of four coils at R = 4, an estimate that is blurred and off in phase, and the network before and after the data."""
    truth, taken = phantom(), mask("random", (N, N), 4, 0.1, 0)[None].float()
    A = SenseOperator(simulate_maps(4, (N, N), 0)[None], taken)
    y, refinement = A(truth), Refinement()
    y = y + 0.01 * Streams.of(1).normal_like(y) * taken
    x0 = torch.fft.ifft2(torch.fft.fft2(truth) * torch.exp(-60 * (torch.fft.fftfreq(N)[:, None] ** 2 + torch.fft.fftfreq(N) ** 2)))
    network = refinement.embedded(x0, Streams.of(0))
    embedded = network().detach()
    return x0, A, y, embedded, refinement.matched(network, torch.zeros_like(x0), y, A)().detach(), taken, truth


def test_the_network_embeds_an_estimate(fitted):
    x0, _, _, embedded, _, _, _ = fitted
    assert decibels(embedded, x0) > 35


def test_the_data_halve_the_residual_and_move_what_was_measured_most(fitted):
    x0, A, y, embedded, refined, taken, truth = fitted
    before, after = (float(norm(residual(x, y, A))) for x in (embedded, refined))
    assert after < 0.5 * before
    moved = fft(refined - embedded).abs().square()
    measured, open_ = ((moved * part).sum() / part.sum() for part in (taken, 1 - taken))
    assert 0 < open_ < measured
    assert decibels(refined, truth) > decibels(x0, truth) + 1 and decibels(refined, x0) > 15


def test_a_fit_ends_at_the_noise(fitted):
    x0, A, y, _, refined, _, truth = fitted
    level = misfit_of_noise(Gaussian(0.01), y)
    assert level == pytest.approx(float(norm(residual(truth, y, A))), rel=0.02)
    stopped = Refinement(data_iterations=400)(x0, y, A, Streams.of(0), 4 * level)
    assert 3 * level < float(norm(residual(stopped, y, A))) <= 4 * level
    assert float(norm(residual(refined, y, A))) < 4 * level


def test_the_misfit_of_noise():
    y = torch.zeros(1, 4, 5, dtype=torch.complex64)
    y[:, 1:3] = 1
    assert misfit_of_noise(Gaussian(0.2), y) == pytest.approx(10 * 0.2 * sqrt(pi) / 2)
    assert misfit_of_noise(Gaussian(0.2), y.real) == pytest.approx(10 * 0.2 * sqrt(2 / pi))
    assert misfit_of_noise(Gaussian(0.2, torch.full_like(y.real, 4.0)), y) == pytest.approx(10 * 0.1 * sqrt(pi) / 2)
    assert misfit_of_noise(Gaussian(None), y) == misfit_of_noise(Poisson(), y.real) == 0
    assert misfit_of_noise(Blocks((Gaussian(0.2), Gaussian(None))), (y, y)) == pytest.approx(10 * 0.2 * sqrt(pi) / 2)


def test_several_blocks_are_one_misfit():
    """Two copies of a measurement say what one says."""
    truth, refinement = phantom(16), Refinement(10, 5)
    A = FourierOperator(torch.ones(1, 16, 16))
    y = A(truth)

    def twice(x):
        return A(x), A(x)

    one, two = refinement(0.5 * truth, y, A, Streams.of(0)), refinement(0.5 * truth, (y, y), twice, Streams.of(0))
    torch.testing.assert_close(one, two)


def test_without_steps_on_the_data_they_are_not_heard():
    truth, refinement = phantom(16), Refinement(data_iterations=0)
    A = FourierOperator(torch.ones(1, 16, 16))
    torch.testing.assert_close(refinement(0.5 * truth, A(truth), A, Streams.of(0)), 0.5 * truth)
    copied = replace(refinement, keep=False)
    x = copied(0.5 * truth, A(truth), A, Streams.of(0))
    assert torch.equal(x, copied(0.5 * truth, 3 * A(truth), A, Streams.of(0))) and 30 < decibels(x, 0.5 * truth) < 60


def test_what_a_network_loses_of_the_estimate_comes_back():
    """Data that the estimate explains leave it as it is, however poor the copy."""
    truth, few = phantom(16), Refinement(3, 5)
    A = FourierOperator(torch.ones(1, 16, 16))
    kept, copied = (decibels(replace(few, keep=keep)(truth, A(truth), A, Streams.of(0)), truth) for keep in (True, False))
    assert kept > copied + 20


def test_every_sample_has_a_network_of_its_own():
    truth, refinement = phantom(16), Refinement(10, 5)
    A = FourierOperator(torch.ones(1, 16, 16))
    both = refinement(torch.cat((truth, truth)), A(truth), A, Streams.of(0, "", 2))
    alone = refinement(truth, A(truth), A, Streams.of(0, "", [1]))
    assert torch.equal(both[1:], alone) and not torch.equal(both[:1], both[1:])


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128, torch.float32])
@pytest.mark.parametrize("shape", [(6, 7), (3, 5, 4), (9,), (1, 8)])
def test_any_grid_of_any_numbers(dtype, shape):
    like = torch.zeros(1, *shape, dtype=dtype)
    x = CoordinateNetwork(like, Architecture(), Streams.of(0))()
    assert x.shape == like.shape and x.dtype == dtype
    assert torch.equal(x, CoordinateNetwork(like, Architecture(), Streams.of(0))())
    assert not torch.equal(x, CoordinateNetwork(like, Architecture(), Streams.of(1))())


def test_a_new_table_says_nothing_and_hidden_layers_deepen():
    like = torch.zeros(1, 8, 8, dtype=torch.complex64)
    network = CoordinateNetwork(like, Architecture(hidden=2), Streams.of(0))
    assert len(network.weights) == 3 and network.encoding().abs().max() <= SPREAD
    assert network().std() < 0.05 * network().abs().max()


@pytest.mark.parametrize(("n", "v"), [(8, 8), (9, 5), (7, 2), (64, 11), (1, 1)])
def test_interpolation_is_exact_for_straight_lines(n, v):
    W = interpolation(n, v, torch.zeros((), dtype=torch.float64))
    line = torch.linspace(-1, 3, v, dtype=torch.float64) if v > 1 else torch.ones(1, dtype=torch.float64)
    torch.testing.assert_close(W @ line, torch.linspace(-1, 3, n, dtype=torch.float64) if n > 1 else line)
    torch.testing.assert_close(W.sum(1), torch.ones(n, dtype=torch.float64))


def test_levels_lead_from_coarse_to_one_vertex_per_pixel():
    grids = [vertices((96, 48), level, 8, 8) for level in range(8)]
    assert grids[0] == (8, 4) and grids[-1] == (96, 48) and grids == sorted(grids)
    assert vertices((4, 3), 0, 8, 8) == (4, 3) and vertices((96, 1), 0, 8, 8) == (8, 1)


def test_vertices_share_a_table_only_where_it_is_too_small():
    like = torch.zeros(())
    small, large = (HashEncoding((32, 32), 2, 2, table, 4, like, Streams.of(0)) for table in (256, 1024))
    assert [t.shape[1] for t in small.tables] == [16, 256] and [t.shape[1] for t in large.tables] == [16, 1024]
    # The last level of a table that is large enough is the table itself.
    torch.testing.assert_close(large()[2:].flatten(1), large.tables[1].data)
    places = hashed((32, 32), 256, torch.device("cpu"))
    assert torch.equal(small()[2:].flatten(1), small.tables[1].data[:, places])
    # Every entry serves several vertices, no two of them side by side.
    assert places.unique().numel() == 256 and (places.reshape(32, 32).diff() != 0).all()
    y, x = 5, 7
    assert int(places[32 * y + x]) == (y ^ (x * 2_654_435_761)) % 256
