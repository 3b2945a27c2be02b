import torch

from mridiff.interfaces import Streams
from mridiff_simplex_anomaly.noise import SHARE, SOURCES, Bank, UnitSimplex

SIZE = 32


def draws(count=200, seed=0):
    return UnitSimplex()(torch.zeros(count, SIZE, SIZE), Streams.of(seed, "draws", count))


def test_every_draw_has_unit_power_and_none_a_direction():
    n = draws()
    torch.testing.assert_close(n.square().mean((1, 2)), torch.ones(200))
    assert abs(float(n.mean())) < 0.05 and float(n.mean(0).abs().max()) < 0.35


def test_a_seed_gives_the_same_draw_and_samples_have_draws_of_their_own():
    n, again, other = draws(3), draws(3), draws(3, seed=1)
    assert torch.equal(n, again) and not torch.allclose(n, other, atol=0.1)
    assert not torch.allclose(n[0], n[1], atol=0.1)
    torch.testing.assert_close(UnitSimplex()(torch.zeros(1, SIZE, SIZE), Streams.of(0, "draws", 3)[1]), n[1:2])


def test_structures_as_wide_as_lesions_have_several_times_the_power_that_they_have_in_white_noise():
    ky, kx = (torch.fft.fftfreq(SIZE)[:, None], torch.fft.fftfreq(SIZE))
    slow = torch.hypot(ky, kx) < 1 / (SHARE * SIZE)
    power = {name: torch.fft.fft2(source(torch.zeros(40, SIZE, SIZE), Streams.of(0, name, 40))).abs().square().mean(0)
             for name, source in SOURCES.items()}  # fmt: skip
    shares = {name: float(p[slow].sum() / p.sum()) for name, p in power.items()}
    assert shares["simplex"] > 4 * shares["white"] > 0


def test_the_noise_of_trainings_looks_like_it_and_is_made_once(tmp_path):
    bank = Bank(SIZE, 12, tmp_path)
    (file,) = tmp_path.iterdir()
    made = file.stat().st_mtime_ns
    n = bank(torch.zeros(60, SIZE, SIZE), Streams.of(0, "bank", 60))
    assert torch.equal(n, Bank(SIZE, 12, tmp_path)(torch.zeros(60, SIZE, SIZE), Streams.of(0, "bank", 60)))
    assert file.stat().st_mtime_ns == made
    torch.testing.assert_close(n.square().mean((1, 2)), torch.ones(60))
    rough = [float((m[:, 1:] - m[:, :-1]).square().mean()) for m in (n, draws(60))]
    assert abs(rough[0] / rough[1] - 1) < 0.2
    assert not torch.allclose(n[0], n[1], atol=0.1)
