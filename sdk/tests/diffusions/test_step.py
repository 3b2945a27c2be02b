from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_sdk.diffusions import (
    RULES,
    VE,
    VP,
    Cosine,
    cold,
    ddim,
    ddpm,
    edm_euler,
    renoise,
    residual,
    step,
    ve_ancestral,
    ve_reverse,  # fmt: skip
)

TIMES = [(0.9, 0.4), (0.5, 0.45), (0.3, 0.01), (0.2, 0.0)]
EXACT = [("ddim", ddim), ("ddim-half", lambda d, t, s: ddim(d, t, s, 0.5)), ("ddpm", ddpm), ("edm-euler", edm_euler), ("renoise", renoise),
         ("ve-ancestral", ve_ancestral)]  # fmt: skip


@pytest.mark.parametrize(("t", "s"), TIMES)
@pytest.mark.parametrize("d", [VP(), VP(levels=1000), VE(), Cosine()], ids=lambda d: type(d).__name__)
@pytest.mark.parametrize("rule", [r for _, r in EXACT], ids=[n for n, _ in EXACT])
def test_the_variance_of_the_marginal_is_kept(rule, d, t, s):
    r, tau = rule(d, t, s)
    torch.testing.assert_close(r**2 * d.sigma(t) ** 2 + tau**2, d.sigma(s) ** 2, rtol=1e-10, atol=1e-14)


def test_the_excess_of_the_reverse_diffusion_predictor_is_as_stated():
    d, t, s = VE(), 2.0, 1.5
    r, tau = ve_reverse(d, t, s)
    torch.testing.assert_close(r**2 * t**2 + tau**2 - s**2, torch.tensor((t**2 - s**2) ** 2 / t**2, dtype=torch.float64))


@pytest.mark.parametrize("rule", [ddim, ddpm, ve_ancestral], ids=["ddim", "ddpm", "ve-ancestral"])
@pytest.mark.parametrize("d", [VP(), VE()], ids=["vp", "ve"])
def test_a_step_reproduces_mean_and_variance_given_the_true_x0(d, rule):
    t, s, rng = 0.7, 0.3, Streams.of(3, "marginal", 4)
    x0 = torch.full((4, 80, 80), 2.0 - 1.0j)
    r, tau = rule(d, t, s)
    x_s = step(d, x0, residual(d, d.degrade(x0, t, rng), x0, t), s, r, tau, rng)
    n = x_s - d.mean(x0, s)
    assert abs(float(n.abs().square().mean().sqrt() / d.sigma(s)) - 1) < 0.02
    assert float(n.mean().abs() / d.sigma(s)) < 0.02


def test_a_chain_of_steps_is_one_step():
    # Ancestral steps compose: t -> s -> u has the law of t -> u, conditional on x_t and x0.
    d, t, s, u = VP(), 0.8, 0.5, 0.2
    (r1, tau1), (r2, tau2), (r, tau) = ddpm(d, t, s), ddpm(d, s, u), ddpm(d, t, u)
    torch.testing.assert_close(r2 * r1, r)
    torch.testing.assert_close(r2**2 * tau1**2 + tau2**2, tau**2)


@pytest.mark.parametrize(("t", "s"), TIMES)
def test_equivalences(t, s):
    for d in (VP(), VP(levels=100), Cosine(), VE()):
        torch.testing.assert_close(ddim(d, t, s, 1.0), ddpm(d, t, s), rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(ddim(d, t, s, 0.0), edm_euler(d, t, s))
    torch.testing.assert_close(ve_ancestral(VE(), t, s), ddpm(VE(), t, s))


def test_ddpm_is_the_textbook_posterior():
    d, i = VP(levels=1000), 400
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    abar = (1 - betas).cumprod(0)
    beta, a_t, a_s = betas[i - 1], abar[i - 1], abar[i - 2]
    r, tau = ddpm(d, i / 1000, (i - 1) / 1000)
    x0, x_t = 1.7, -0.4
    textbook = beta * a_s.sqrt() / (1 - a_t) * x0 + (1 - a_s) * (1 - beta).sqrt() / (1 - a_t) * x_t
    torch.testing.assert_close(a_s.sqrt() * x0 + r * (x_t - a_t.sqrt() * x0), textbook, rtol=1e-9, atol=0)
    torch.testing.assert_close(tau**2, beta * (1 - a_s) / (1 - a_t), rtol=1e-9, atol=0)


def test_probability_flow_of_one_gaussian_prior_is_exact_in_the_limit():
    # For x0 ~ N(0, 1) under VE the flow maps x_t to x_t sqrt(1 + s^2) / sqrt(1 + t^2).
    d = VE(0.002, 10.0)
    times = torch.linspace(4.0, 0.0, 801, dtype=torch.float64)
    x = torch.full((1, 3), 5.0, dtype=torch.float64)
    for t, s in pairwise(times):
        x0 = x / (1 + t**2)
        x = step(d, x0, residual(d, x, x0, t), s, *edm_euler(d, t, s), Streams.of(0))
    assert abs(float(x[0, 0]) / (5.0 / 17**0.5) - 1) < 5e-3


def test_cold_and_renoise_rows():
    assert [float(v) for v in cold(VP(), 0.5, 0.4)] == [1.0, 0.0]
    r, tau = renoise(VP(), 0.5, 0.4)
    assert r == 0 and tau == VP().sigma(0.4)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_step_to_time_zero_is_x0_unless_the_rule_is_cold_or_inexact(name):
    d, rng = VE(), Streams.of(0)
    x0, x_t = torch.ones(1, 4), torch.full((1, 4), 3.0)
    x = step(d, x0, residual(d, x_t, x0, 1.0), 0.0, *RULES[name](d, 1.0, 0.0), rng)
    assert torch.equal(x, x0) == (name not in ("cold", "ve-reverse"))


def test_a_batch_is_the_loop_and_inputs_are_kept():
    d, t, s = VP(), torch.tensor([0.9, 0.5, 0.3]), torch.tensor([0.6, 0.4, 0.0])
    x0, x_t = Streams.of(1, "x0", 3).normal((8, 8)), Streams.of(1, "xt", 3).normal((8, 8))
    kept = x0.clone(), x_t.clone()
    batch = step(d, x0, residual(d, x_t, x0, t), s, *ddim(d, t, s, 0.7), Streams.of(5, "scan", 3))
    for i in range(3):
        res = residual(d, x_t[i : i + 1], x0[i : i + 1], t[i])
        row = step(d, x0[i : i + 1], res, s[i], *ddim(d, t[i], s[i], 0.7), Streams.of(5, "scan", [i]))
        torch.testing.assert_close(batch[i : i + 1], row)
    assert torch.equal(x0, kept[0]) and torch.equal(x_t, kept[1])


def test_a_deterministic_step_draws_nothing():
    """What is drawn after it is what would have been drawn before."""
    d, x, rng = VP(), torch.ones(2, 3), Streams.of(0, "step", 2)
    assert torch.equal(step(d, x, x, 0.4, 0.5, 0.0, rng), d.mean(x, 0.4) + 0.5 * x)
    assert torch.equal(rng.normal_like(x), Streams.of(0, "step", 2).normal_like(x))
