from __future__ import annotations

import pytest
import torch

from mridiff.interfaces import Gaussian, LinearOperator, Multiply, Nuisance, ParametricOperator, Problem, Space, Streams
from mridiff_sdk.nuisance import Adam, gradient, langevin, least_squares

SPACE, NUMBER = Space(("x",), (5,)), Space(("shot",), (2,), complex=False)


class Gains(ParametricOperator):
    """y = (a + b x-position) x with a in tens and b in thousandths: scales that differ by 10^4."""

    domain = codomain = SPACE
    nuisance = {  # noqa: RUF012
        "a": Nuisance(NUMBER, torch.full((1, 2), 20.0), "", 10.0, lambda a: a.clamp(0, 100)),
        "b": Nuisance(NUMBER, torch.zeros(1, 2), "", 1e-3, lambda b: b - b.mean(1, keepdim=True)),
    }

    def at(self, phi) -> LinearOperator:
        gain = phi["a"].sum(1, keepdim=True) + phi["b"] @ torch.stack((torch.arange(5.0), 100 * torch.ones(5)))
        return Multiply(SPACE, gain.to(torch.complex64))


TRUTH = {"a": torch.full((1, 2), 30.0), "b": torch.tensor([[0.002, -0.002]])}


def problem(samples: int = 1) -> tuple[Problem, torch.Tensor]:
    x = Streams.of(0, "x", samples).normal((5,))
    return Problem(Gains(), Gains().at(TRUTH)(x), Gaussian(0.1), SPACE), x


def test_the_gradient_is_that_of_the_likelihood_per_sample():
    p, x = problem(3)
    phi = {k: v.expand(3, 2).clone() for k, v in Gains().start().items()}
    with torch.no_grad():
        g = gradient(p, Gains(), x, phi)
        alone = gradient(p, Gains(), x, phi, "b")
    assert set(alone) == {"b"} and torch.equal(alone["b"], g["b"])
    for name, value in phi.items():
        up = {**phi, name: value.double() + 1e-3 * torch.eye(2, dtype=torch.float64)[0]}
        down = {**phi, name: value.double() - 1e-3 * torch.eye(2, dtype=torch.float64)[0]}
        nll = [p.noise.nll(Gains().at({k: v.float() for k, v in q.items()})(x), p.y) for q in (up, down)]
        torch.testing.assert_close(g[name][:, 0], (nll[0] - nll[1]) / 2e-3, rtol=0.03, atol=1.0)


def test_adam_moves_each_quantity_on_its_own_scale_whatever_its_units():
    p, x = problem()
    start = Gains().start()
    g = gradient(p, Gains(), x, start)
    moved = Adam(Gains.nuisance, 0.1).step(start, g)
    assert torch.allclose((moved["a"] - start["a"]).abs(), torch.tensor(1.0), rtol=1e-5)
    assert float(moved["b"].abs().max()) <= 1.001e-4
    huge = Adam(Gains.nuisance, 0.1).step(start, {k: 1e6 * v for k, v in g.items()})
    torch.testing.assert_close(huge, moved)
    assert torch.equal(start["a"], Gains().start()["a"])


def test_adam_finds_the_truth():
    p, x = problem()
    phi, adam = Gains().start(), Adam(Gains.nuisance, 0.05)
    for _ in range(200):
        phi = adam.step(phi, gradient(p, Gains(), x, phi))
    assert float((phi["a"].sum(1) - 60).abs()) < 0.3
    assert float(p.noise.nll(Gains().at(phi)(x), p.y)) < 1e-3 * float(p.noise.nll(Gains().at(Gains().start())(x), p.y))


def test_every_step_ends_inside_the_bounds_and_the_gauge():
    start, g = Gains().start(), {"a": torch.full((1, 2), 1e3), "b": torch.tensor([[1.0, 2.0]])}
    for moved in (Adam(Gains.nuisance, 50.0).step(start, g), langevin(Gains.nuisance, start, g, 50.0, Streams.of(0))):
        assert bool((moved["a"] >= 0).all()) and bool((moved["a"] <= 100).all())
        assert abs(float(moved["b"].sum())) < 1e-6


@pytest.mark.parametrize("scale", [1.0, 1e5])
def test_langevin_counts_the_direction_of_the_gradient_alone(scale):
    free = {"a": Nuisance(NUMBER, torch.zeros(1, 2), "", 2.0, lambda a: a)}
    phi, g = {"a": torch.zeros(2, 2)}, {"a": scale * torch.tensor([[3.0, 4.0], [0.0, 0.0]])}
    moved = langevin(free, phi, g, 0.1, Streams.of(0, "", 2), temperature=0.0)["a"]
    torch.testing.assert_close(moved, torch.tensor([[-0.6, -0.8], [0.0, 0.0]]) * 0.2 * 2**0.5)


def test_langevin_noise_has_its_temperature_and_its_streams():
    free = {"a": Nuisance(NUMBER, torch.zeros(1, 2), "", 2.0, lambda a: a)}
    zero = {"a": torch.zeros(3000, 2)}
    moved = langevin(free, zero, zero, 0.1, Streams.of(0, "", 3000), temperature=0.5)["a"]
    assert abs(float(moved.std()) / (2 * 0.5 * 0.2**0.5) - 1) < 0.05
    one = {"a": torch.zeros(1, 2)}
    torch.testing.assert_close(langevin(free, one, one, 0.1, Streams.of(0, "", [9]), temperature=0.5)["a"], moved[9:10])


def test_least_squares_finds_what_a_measurement_is_linear_in_and_stays_near_in_what_it_does_not_tell():
    rng = Streams.of(0, "", 2)
    B, a = rng.normal((5, 6, 7), torch.complex128), rng.normal((3, 5), torch.complex128)
    y = torch.einsum("nck,nkyx->ncyx", a, B)
    torch.testing.assert_close(least_squares(B, y, torch.zeros_like(a), 0.0), a)
    near = a + 1
    found = least_squares(B, y, near, 0.3)
    damping = 0.3 * B.abs().square().sum((2, 3)).mean(1)[:, None, None]
    off = torch.einsum("nkyx,ncyx->nck", B.conj(), torch.einsum("nck,nkyx->ncyx", found, B) - y)
    torch.testing.assert_close(off + damping * (found - near), torch.zeros_like(a), atol=1e-9, rtol=0)
    B[:, 1] = 0
    kept = least_squares(B, y, near, 1e-9)
    torch.testing.assert_close(kept[..., 1], near[..., 1])
    torch.testing.assert_close(least_squares(B[:1], y[:1], near[:1], 0.3), least_squares(B, y, near, 0.3)[:1])
