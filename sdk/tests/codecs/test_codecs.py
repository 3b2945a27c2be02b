from __future__ import annotations

import pytest
import torch

from mridiff.interfaces import Space, Streams
from mridiff_sdk import fourier
from mridiff_sdk.codecs import Channels, Compose, Fourier, Haar, Power, RadialWeight, Ramp, Whitening

SPACE = Space(("coil", "y", "x"), (2, 8, 6))
CODECS = {
    "fourier": Fourier(),
    "fourier-3d": Fourier(("coil", "y", "x")),
    "weighted": Compose(Fourier(), RadialWeight(Power())),
    "channels": Channels(),
    "haar": Haar(),
    "haar-1": Haar(1),
    "whitening": Whitening(torch.full((1, 2, 1, 1), 0.3), torch.tensor([2.0, 0.5]).reshape(1, 2, 1, 1)),
    "k-channels": Compose(Fourier(), RadialWeight(Power(1.0, 0.1, 0.5), "pixel"), Channels()),
}


@pytest.fixture(params=[torch.complex64, torch.complex128], ids=["c64", "c128"])
def x(request: pytest.FixtureRequest) -> torch.Tensor:
    return Streams.of(0, "codec", 3).normal((2, 8, 6), request.param)


@pytest.mark.parametrize("name", CODECS)
def test_decoding_undoes_encoding_in_the_stated_space(name, x):
    codec = CODECS[name]
    u = codec.encode(x)
    assert codec.space(SPACE).admits(Space.of(u, codec.space(SPACE).axes)), name
    assert u.real.dtype == x.real.dtype
    torch.testing.assert_close(codec.decode(u), x)


@pytest.mark.parametrize("name", [n for n, c in CODECS.items() if c.kind == "unitary"])
def test_unitary_codecs_keep_white_noise_white_at_its_level(name):
    codec, n = CODECS[name], Streams.of(1, "white", 400).normal((2, 8, 6))
    u = codec.encode(n).flatten(1)
    C = (u.mT @ u.conj()) / len(u)
    assert float((C.diagonal().real - 1).abs().mean()) < 0.08 and abs(float(C.diagonal().real.mean()) - 1) < 0.02
    assert float((C - torch.diag(C.diagonal())).abs().mean()) < 0.06


@pytest.mark.parametrize("name", [n for n, c in CODECS.items() if c.kind == "unitary"])
def test_unitary_codecs_keep_the_exponent_of_the_density(name, x):
    u = CODECS[name].encode(x)
    assert torch.allclose((1.0 if u.is_complex() else 0.5) * u.abs().square().sum(), x.abs().square().sum())


def test_haar_bands_are_sums_and_differences():
    x = torch.tensor([[[1.0, 2.0], [3.0, 5.0]]])
    torch.testing.assert_close(Haar().encode(x).flatten(), torch.tensor([5.5, -1.5, -2.5, 0.5]))
    flat = Haar().encode(torch.ones(1, 4, 4))
    torch.testing.assert_close(flat[:, 0], 2 * torch.ones(1, 2, 2))
    assert not flat[:, 1:].any()


def test_a_ramp_loses_the_centre_alone():
    codec, k = RadialWeight(Ramp(0.1), "pixel"), Streams.of(0).normal((7, 8), torch.complex128)
    back = codec.decode(codec.encode(k))
    assert back[0, 3, 4] == 0 and torch.isfinite(back.abs()).all()
    back[0, 3, 4] = k[0, 3, 4]
    torch.testing.assert_close(back, k)
    assert abs(float(codec.weight(k)[3, 7]) - 0.3) < 1e-12


def test_a_void_holds_high_frequencies_alone():
    codec = Compose(Fourier(), RadialWeight(Power(0.0, 1.0, 1.0), "pixel", void=2.5))
    x = Streams.of(0).normal((9, 9), torch.complex128)
    k = fourier.fft(codec.decode(codec.encode(x)))
    y = torch.arange(9) - 4
    outside = torch.hypot(y[:, None].double(), y.double()) >= 2.5
    torch.testing.assert_close(k, fourier.fft(x) * outside, atol=1e-12, rtol=0)


def test_the_radius_reaches_one_at_the_far_corner():
    w = RadialWeight(lambda r: r)
    assert float(w.weight(torch.zeros(1, 8, 8)).max()) == 1 and float(w.weight(torch.zeros(1, 7, 8)).min()) == 0


def test_whitening_fits_each_channel():
    x = Streams.of(0, "fit", 50).normal((2, 8, 6)) * torch.tensor([3.0, 0.2]).reshape(2, 1, 1) + 1
    codec = Whitening.fit(x, (0, 2, 3))
    u = codec.encode(x)
    torch.testing.assert_close(u.abs().square().mean((0, 2, 3)), torch.ones(2))
    assert u.mean((0, 2, 3)).abs().max() < 1e-5 and codec.std.shape == (1, 2, 1, 1)
    with pytest.raises(ValueError, match="positive"):
        Whitening(torch.zeros(1), torch.zeros(1))


def test_the_worst_part_names_the_kind():
    assert Compose(Fourier(), Channels()).kind == "unitary"
    assert Compose(Fourier(), RadialWeight(Power())).kind == "linear"
    assert Compose().kind == "identity"


def test_spaces_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="last axes"):
        Fourier().space(Space(("y", "x", "coil")))
    with pytest.raises(ValueError, match="complex"):
        Channels().space(Space(("y", "x"), complex=False))
    with pytest.raises(ValueError, match="even"):
        Haar().space(Space(("y", "x"), (8, 7)))
