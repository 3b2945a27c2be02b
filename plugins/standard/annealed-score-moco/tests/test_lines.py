"""Lines: the band is symmetric, what is held is met, and what a prior expects tells lines that moved from those that did not."""

import pytest
import torch

from mridiff.interfaces import Gaussian, Measured, Problem, Streams
from mridiff_annealed_score_moco.lines import Lines
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.diffusions import VE
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.reverse import Reverse

N = 48


@pytest.mark.parametrize(
    ("n", "part", "taken"), [(16, 0.0, [8]), (16, 0.125, [6, 7, 8, 9, 10]), (15, 0.07, [6, 7, 8]), (16, 0.5, range(16))]
)
def test_the_band_is_symmetric_about_the_origin(n, part, taken):
    for shape, dim in (((1, 9, n), -1), ((1, n, 9), -2)):
        assert Lines(torch.zeros(shape), part, dim).band.nonzero().flatten().tolist() == list(taken)


@pytest.mark.parametrize("shape", [(2, 12, 9), (2, 9, 12)])
@pytest.mark.parametrize("dim", [-1, -2])
def test_lines_are_held_by_their_weights(shape, dim):
    rng = Streams.of(0, "", 2)
    y, x, weight = rng.normal(shape[1:]), rng.normal(shape[1:]), rng.uniform((shape[dim],))
    held = fft(Lines(y, 0.1, dim).held(x, weight))
    for line in range(shape[dim]):
        a, b, c = (k.select(dim, line) for k in (held, fft(x), fft(y)))
        w = weight[:, line, None]
        torch.testing.assert_close(a, (1 - w) * b + w * c, rtol=1e-4, atol=1e-5)


def spotted(samples=1):
    """A prior that knows how bright each pixel is, an image drawn from it, and their reverse process."""
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, N),) * 2, indexing="ij")
    variance = torch.exp(-((y - 0.2) ** 2 + x**2) / 0.1) + 1e-3
    A = FourierOperator(torch.ones(1, N, N))
    prior = GaussianPrior(torch.zeros(N, N, dtype=torch.complex64), Covariance.diagonal(A.domain, variance), VE(0.005, 20.0))
    image = variance.sqrt() * Streams.of(3, "", samples).normal((N, N))
    problem = Problem.of(A, Measured(A(image), Gaussian(0.01)))
    return image, Reverse(prior, problem, Streams.of(0, "", samples))


@pytest.mark.parametrize("dim", [-1, -2])
def test_a_prior_knows_which_lines_moved(dim):
    image, chain = spotted()
    phase = torch.zeros(N)
    phase[:15], phase[34:] = 2.5, -1.7  # two blocks of outer lines
    moved = phase != 0
    k = fft(image) * torch.polar(torch.ones(N), phase * torch.arange(N))[(None, slice(None), None) if dim == -2 else (None, None)]
    still, off = (Lines(x, 0.06, dim) for x in (image, ifft(k)))
    rho = still.disagreement(chain, still.input, 0.3)[0]
    assert 0.8 < float(rho.mean()) < 1.25 and rho.max() < 2
    rho = off.disagreement(chain, off.input, 0.3)
    assert rho[0, moved].mean() > 1.5 * rho[0, ~moved].mean()
    trust = off.trust(rho, 0.3)[0]
    assert trust[moved].mean() < 0.4 < 0.7 < trust[~moved].mean() and (trust[off.band] == 1).all()
    assert (off.trust(rho, 1.0)[0] >= trust).all()


def test_trust_never_returns_on_the_way_out():
    lines, rho = Lines(torch.zeros(1, N, N), 0.06, -1), torch.ones(1, N)
    rho[0, 34:40] = 5.0  # the prior says nothing of the lines beyond
    trust = lines.trust(rho, 1.0)[0]
    assert (trust[:32] == 1).all() and trust[36:].max() < 0.1 and (trust[24:].diff() <= 0).all()
    rho[0, 10] = 5.0
    trust = lines.trust(rho, 1.0)[0]
    assert trust[:11].max() < 0.9 and (trust[13:32] == 1).all() and (trust[:24].diff() >= 0).all()


def test_every_sample_has_weights_of_its_own():
    image, chain = spotted(2)
    both = Lines(image, 0.06, -1)
    _, alone = spotted(2)
    alone.rng = Streams.of(0, "", [1])
    rho = both.disagreement(chain, image, 0.3)
    torch.testing.assert_close(rho[1:], Lines(image[1:], 0.06, -1).disagreement(alone, image[1:], 0.3))
    torch.testing.assert_close(both.trust(rho, 0.5)[1:], both.trust(rho[1:], 0.5))


def test_a_prior_that_is_too_sure_of_itself_is_so_in_the_band():
    """Lines are trusted by what they have more than the band, not by their disagreement itself."""
    lines = Lines(torch.zeros(1, N, N), 0.06, -1)
    rho = 1 + torch.rand(1, N, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(lines.trust(rho, 0.5), lines.trust(7 * rho, 0.5))
