from __future__ import annotations

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Problem, Space, Streams
from mridiff_sdk import fourier
from mridiff_sdk.diffusions import Blur, Box, FourierDiffusion, Geometric, NestedMasks, cold, heat, residual, step

MASK = (torch.arange(12) % 4 == 0).float().expand(1, 10, 12).contiguous()
X0 = Streams.of(0, "x0", 3).normal((10, 12), torch.complex128)


def problem(mask: torch.Tensor | None = MASK) -> Problem:
    acquisition = {} if mask is None else {"mask": Field(mask, ("ky", "kx"))}
    return Problem(None, None, Gaussian(), Space(("y", "x"), (10, 12)), acquisition=acquisition)


def bound(**options: object) -> FourierDiffusion:
    return FourierDiffusion(NestedMasks(**options)).bind(problem(), Streams.of(7, "scan", 3))  # type: ignore[arg-type]


DIFFUSIONS = {"masks": bound(), "pixels": bound(unit="pixel"), "blur": FourierDiffusion(Blur(), Geometric(0.01, 1.0)),
              "box": FourierDiffusion(Box((4, 4)))}  # fmt: skip


@pytest.mark.parametrize("name", DIFFUSIONS)
def test_the_gain_starts_at_one_and_never_grows(name):
    d = DIFFUSIONS[name]
    gains = torch.stack([d.gain(t, X0).expand(3, 10, 12) for t in torch.linspace(0, 1, 34, dtype=torch.float64)])
    assert (gains[0] == 1).all() and (gains.diff(dim=0) <= 0).all() and (gains >= 0).all() and gains[-1].min() < 0.1
    assert d.sigma(0.0) == 0


@pytest.mark.parametrize("name", DIFFUSIONS)
def test_mean_is_linear_and_contracts_and_zero_time_is_the_identity(name):
    d = DIFFUSIONS[name]
    assert d.mean(X0, 0.0) is X0
    torch.testing.assert_close(d.mean(X0, torch.tensor(0.0)), X0)
    assert (d.mean(X0, 0.5).flatten(1).norm(dim=1) <= X0.flatten(1).norm(dim=1)).all()
    torch.testing.assert_close(d.mean(2j * X0 + 1, 0.5), 2j * d.mean(X0, 0.5) + d.mean(torch.ones_like(X0), 0.5))


def test_nested_masks_end_at_the_mask_of_the_scan_with_one_order_per_sample():
    d = DIFFUSIONS["masks"]
    assert torch.equal(d.gain(1.0, X0), MASK.double().expand(3, 10, 12))
    middle = d.gain(0.5, X0)
    assert not torch.equal(middle[0], middle[1])
    one = FourierDiffusion(NestedMasks()).bind(problem(), Streams.of(7, "scan", [2]))
    assert torch.equal(one.gain(0.5, X0[:1]), middle[2:])


def test_at_the_fraction_i_of_n_exactly_i_columns_are_gone():
    d = DIFFUSIONS["masks"]
    for i in range(10):
        for t in (i / 9, torch.full((3,), i / 9, dtype=torch.float64)):
            assert (d.gain(t, X0)[:, 0] == 0).sum(-1).tolist() == [i, i, i]


def test_binding_leaves_the_original_and_needs_a_mask():
    d = FourierDiffusion(NestedMasks())
    d.bind(problem(), Streams.of(0))
    with pytest.raises(RuntimeError, match="bind"):
        d.mean(X0, 0.5)
    with pytest.raises(DataError, match="mask"):
        d.bind(problem(None), Streams.of(0))


def test_the_cold_rule_writes_the_revealed_entries_only():
    d, x0_hat = DIFFUSIONS["masks"], Streams.of(1, "hat", 3).normal((10, 12), torch.complex128)
    t, s = 7 / 9, 6 / 9
    x_t = d.mean(X0, t)
    x_s = step(d, x0_hat, residual(d, x_t, x0_hat, t), s, *cold(d, t, s), Streams.of(0, "", 3))
    revealed = d.gain(s, X0) - d.gain(t, X0)
    assert revealed.sum() == 3 * 10
    torch.testing.assert_close(fourier.fft(x_s), fourier.fft(x_t) + revealed * fourier.fft(x0_hat))


@pytest.mark.parametrize("name", DIFFUSIONS)
def test_a_restorer_that_tells_the_truth_is_led_to_it_exactly(name):
    d, rng = DIFFUSIONS[name], Streams.of(2, "chain", 3)
    x = d.degrade(X0, 1.0, rng)
    for i in range(9, 0, -1):
        t, s = i / 9, (i - 1) / 9
        x = step(d, X0, residual(d, x, X0, t), s, *heat(d, t, s), rng)
    torch.testing.assert_close(x, X0)


def test_the_heat_step_is_the_published_pair_of_moves():
    d, t, s, rng = DIFFUSIONS["blur"], 0.8, 0.6, Streams.of(0, "", 3)
    x, hat = d.degrade(X0, t, rng), X0 + 0.1
    sigma_t, sigma_s = d.sigma(t), d.sigma(s)
    score = (d.mean(hat, t) - x) / sigma_t**2
    expected = x + (sigma_t**2 - sigma_s**2) * score + (d.mean(hat, s) - d.mean(hat, t))
    r, tau = heat(d, t, s)
    torch.testing.assert_close(step(d, hat, residual(d, x, hat, t), s, r, 0.0, rng), expected)
    torch.testing.assert_close(tau, sigma_s / sigma_t * (sigma_t**2 - sigma_s**2).sqrt())
    torch.testing.assert_close(r**2 * sigma_t**2 + tau**2, sigma_s**2)


def test_blur_solves_the_heat_equation():
    # Diffusing for two times in turn is diffusing once, with beta^2 as the clock.
    first, second, both = Blur(lambda t: 3.0 + 0 * t), Blur(lambda t: 4.0 + 0 * t), Blur(lambda t: 5.0 + 0 * t)
    torch.testing.assert_close(first(1.0, X0) * second(1.0, X0), both(1.0, X0))
    edge = Blur()(torch.tensor([1e-9, 1.0]), torch.zeros(2, 48, 48))
    assert 0.88 < float(edge[0, 24, 0]) < 0.89
    assert abs(float(edge[1, 24, 23]) - torch.exp(torch.tensor(-0.5)).item()) < 1e-6  # one standard deviation = n / 48 = 1


@pytest.mark.parametrize("n", [16, 15])
def test_the_box_loses_one_sample_per_side_and_step(n):
    like, steps = torch.zeros(1, n, n), (n - 5) // 2
    box = Box((n - 2 * steps, n - 2 * steps))
    for i in range(steps + 1):
        kept = box(i / steps, like)
        assert kept.sum() == (n - 2 * i) ** 2
        assert torch.equal(kept[..., i : n - i, i : n - i], torch.ones(1, n - 2 * i, n - 2 * i)) if kept.ndim == 3 else kept.shape == (n, n)
    with pytest.raises(ValueError, match="exceeds"):
        Box((n + 1, n))(0.5, like)


def test_times_per_sample_and_kspace_states_with_coils():
    t = torch.tensor([0.0, 0.5, 1.0])
    for name, d in DIFFUSIONS.items():
        batch = d.mean(X0, t)
        rows = torch.cat([d.mean(X0, float(t[i]))[i : i + 1] for i in range(3)])
        torch.testing.assert_close(batch, rows, msg=name)
    k = Streams.of(0, "k", 3).normal((2, 10, 12))
    d = FourierDiffusion(NestedMasks(), kspace=True).bind(problem(), Streams.of(0, "", 3))
    assert torch.equal(d.mean(k, 1.0), MASK[:, None] * k)


def test_a_real_image_stays_real():
    assert not DIFFUSIONS["blur"].mean(torch.ones(1, 10, 12), 0.5).is_complex()
