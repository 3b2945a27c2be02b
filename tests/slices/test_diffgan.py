"""Strain: a generator that draws x0 in four large steps with noise of its own, reads a condition, and is trained against a critic."""

import torch
from torch import nn

from mridiff.interfaces import Field, Gaussian, LinearOperator, Measured, Objective, Prior, Problem, Sampler, Space, Step, Streams
from mridiff_sdk.diffusions import VP, gan_posterior, residual, step
from mridiff_sdk.fourier import fft, ifft

N, STEPS = 16, 4
IMAGE = Space(("y", "x"), (N, N))


class Masked(LinearOperator):
    def __init__(self, mask):
        super().__init__()
        self.domain, self.codomain = IMAGE, Space(("ky", "kx"), (N, N), kind="k-space")
        self.register_buffer("mask", mask)

    def forward(self, x):
        return self.mask * fft(x)

    def adjoint(self, y):
        return ifft(self.mask * y)


class Generator(Prior):
    """x0 = zero-filled image + a learned fraction of x_t + latent noise, z from the sample's own stream."""

    def __init__(self):
        super().__init__()
        self.space, self.diffusion = IMAGE, VP(levels=STEPS, beta_max=3.9)
        self.mix = nn.Parameter(torch.tensor([0.5, 0.1]))

    def conditions(self, problem):
        return {"zero_filled": Field(problem.linear.H(problem.y), problem.space.axes)}

    def forward(self, x_t, t, conditions=None, rng=None):
        z = rng.normal_like(x_t)
        return conditions["zero_filled"].data + self.mix[0] * x_t + 0.05 * self.mix[1] * z


class FewSteps(Sampler):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior

    def trajectory(self, problem, rng):
        A, diffusion = problem.linear, self.prior.diffusion
        conditions = self.prior.conditions(problem)
        x = rng.normal(problem.space.shape)
        for i in range(STEPS):
            t, s = 1 - i / STEPS, 1 - (i + 1) / STEPS
            x0 = self.prior(x, t, conditions, rng)
            x0 = x0 + A.H(problem.y - A(x0))
            x = step(diffusion, x0, residual(diffusion, x, x0, t), s, *gan_posterior(diffusion, t, s), rng)
            yield Step(i, STEPS, x0, t, x=x)


class Adversarial(Objective):
    """Two named losses, one optimiser each; the critic belongs to the objective and judges pairs (x_s, x_t)."""

    sees = "truth"

    def __init__(self):
        super().__init__()
        self.critic = nn.Sequential(nn.Flatten(), nn.Linear(4 * N * N, 1))

    def losses(self, model, batch, rng):
        x0, zero_filled = batch
        x_t = model.diffusion.degrade(x0, 1.0, rng)
        fake = model(x_t, 1.0, {"zero_filled": Field(zero_filled, ("y", "x"))}, rng)
        yield (
            "critic",
            nn.functional.softplus(-self._judge(x0, x_t)).mean() + nn.functional.softplus(self._judge(fake.detach(), x_t)).mean(),
        )
        yield "generator", nn.functional.softplus(-self._judge(fake, x_t)).mean() + 10 * (fake - x0).abs().mean()

    def _judge(self, x_s, x_t):
        return self.critic(torch.view_as_real(torch.stack((x_s, x_t), 1)))


def _problem():
    x = Streams.of(0, "x").normal((N, N))
    mask = (torch.rand(1, N, N, generator=torch.Generator().manual_seed(0)) < 0.4).float()
    A = Masked(mask)
    return x, Problem.of(A, Measured(A(x), Gaussian(0.0)))


def test_four_evaluations_give_samples_that_differ_only_where_nothing_was_measured():
    _, problem = _problem()
    with torch.no_grad():
        *_, last = FewSteps(Generator()).trajectory(problem, Streams.of(0, samples=3))
    assert last.total == STEPS
    torch.testing.assert_close(problem.linear(last.x0), problem.y.expand(3, -1, -1), atol=1e-5, rtol=0)
    assert (last.x0[0] - last.x0[1]).abs().max() > 1e-3


def test_a_sample_does_not_depend_on_its_companions():
    _, problem = _problem()
    with torch.no_grad():
        together = FewSteps(Generator())(problem, Streams.of(0, samples=3))
        alone = FewSteps(Generator())(problem, Streams.of(0, samples=[2]))
    assert torch.equal(together[2:], alone)


def test_both_players_of_the_adversarial_objective_learn_in_turn():
    x, problem = _problem()
    model, objective = Generator(), Adversarial()
    batch = (x.expand(2, -1, -1), problem.linear.H(problem.y).expand(2, -1, -1))
    players = {"critic": objective.critic, "generator": model}
    optimisers = {name: torch.optim.Adam(p.parameters(), 1e-2) for name, p in players.items()}
    before = {name: [p.detach().clone() for p in player.parameters()] for name, player in players.items()}
    for name, loss in objective.losses(model, batch, Streams.of(0, samples=2)):
        optimisers[name].zero_grad()
        loss.backward()
        optimisers[name].step()
    for name, player in players.items():
        assert all(not torch.equal(a, b) for a, b in zip(before[name], player.parameters(), strict=True)), name
