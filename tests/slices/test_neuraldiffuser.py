"""Strain: no forward operator, conditions from voxels, a nonlinear codec, guidance, outputs that are not x."""

import torch

from mridiff.interfaces import Codec, Field, Gaussian, Measured, Prior, Problem, Sampler, Space, Step, Streams
from mridiff_sdk.diffusions import VP, ddim, residual, step
from mridiff_sdk.oracles import Covariance, GaussianPrior

N, LATENT, VOXELS = 8, 12, 40
PICTURE = Space(("channel", "y", "x"), (3, N, N), complex=False, kind="picture")
CODE = Space(("token",), (LATENT,), complex=False, kind="latent")


class Decoder(Codec):
    """A tiny autoencoder: pictures in [0, 1] from a latent vector through a sigmoid."""

    kind = "nonlinear"

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.register_buffer("W", torch.linalg.qr(torch.randn(3 * N * N, LATENT, generator=generator, dtype=torch.float64))[0])

    def space(self, domain):
        return CODE

    def encode(self, x, conditions=None):
        return torch.logit(x.flatten(1), 1e-6) @ self.W

    def decode(self, u, conditions=None):
        return torch.sigmoid(u @ self.W.T).unflatten(1, PICTURE.shape)


class VoxelPrior(Prior):
    """A latent prior whose mean a ridge decoder reads from voxel responses, computed once per problem."""

    def __init__(self, ridge):
        super().__init__()
        zero = torch.zeros(LATENT, dtype=torch.float64)
        self.free = GaussianPrior(zero, Covariance.diagonal(CODE, 1.0), VP())
        self.near = GaussianPrior(zero, Covariance.diagonal(CODE, 0.05), VP())
        self.space, self.diffusion, self.codec = PICTURE, self.free.diffusion, Decoder()
        self.register_buffer("ridge", ridge)

    def conditions(self, problem):
        return {"code": Field(problem.conditions["voxels"].data @ self.ridge, ("token",))}

    def forward(self, x_t, t, conditions=None, rng=None):
        if not conditions:
            return self.free(x_t, t)
        code = conditions["code"].data
        return code + self.near(x_t - self.diffusion.mean(code, t), t)


class Guided(Sampler):
    """Image-to-image from the decoded code, classifier-free guidance, and a feature gradient in the first steps."""

    def __init__(self, prior, *, steps=20, strength=0.7, guidance=1.2, kappa=0.0):
        super().__init__()
        self.prior, self.steps, self.strength, self.guidance, self.kappa = prior, steps, strength, guidance, kappa

    def trajectory(self, problem, rng):
        prior, diffusion = self.prior, self.prior.diffusion
        conditions = prior.conditions(problem)
        start = self.strength
        z = diffusion.degrade(conditions["code"].data.expand(len(rng), -1), start, rng)
        target = problem.conditions["features"].data
        for i in range(self.steps):
            t, s = start * (1 - i / self.steps), start * (1 - (i + 1) / self.steps)
            z0 = (1 - self.guidance) * prior(z, t, {}) + self.guidance * prior(z, t, conditions)
            if i < self.steps // 4 and self.kappa:
                z0 = z0 - self.kappa * self._gradient(z0, target)
            z = step(diffusion, z0, residual(diffusion, z, z0, t), s, *ddim(diffusion, t, s), rng)
            picture = prior.codec.decode(z0)
            yield Step(i, self.steps, picture, t, x=z, outputs={"features": Field(picture.mean((2, 3)), ("channel",))})

    def _gradient(self, z0, target):
        with torch.enable_grad():
            z = z0.detach().requires_grad_()
            loss = (self.prior.codec.decode(z).mean((2, 3)) - target).square().sum()
            return torch.autograd.grad(loss, z)[0]


def _problem(features=None):
    rng = Streams.of(0, "fmri")
    code = rng.normal((LATENT,), torch.float64)
    encode = Streams.of(1, "encode").normal((LATENT, VOXELS), torch.float64)[0]
    voxels = code @ encode + 0.1 * rng.normal((VOXELS,), torch.float64)
    prior = VoxelPrior(torch.linalg.pinv(encode))
    truth = prior.codec.decode(code)
    features = truth.mean((2, 3)) if features is None else features
    conditions = {"voxels": Field(voxels, ("voxel",)), "features": Field(features, ("channel",))}
    return truth, Problem.of(None, Measured(None, Gaussian(), conditions=conditions), space=PICTURE), prior


def test_a_picture_comes_from_voxels_without_any_operator():
    truth, problem, prior = _problem()
    *_, last = Guided(prior).trajectory(problem, Streams.of(0))
    assert problem.A is None
    assert (last.x0 - truth).square().mean() < 0.5 * (0.5 - truth).square().mean()  # 0.5 is the prior's mean picture
    assert last.outputs["features"].axes == ("channel",)


def test_feature_guidance_pulls_towards_its_target_and_is_an_output_of_its_own():
    _, problem, prior = _problem(torch.full((1, 3), 0.65, dtype=torch.float64))
    distance = {}
    for kappa in (0.0, 5.0):
        *_, last = Guided(prior, kappa=kappa).trajectory(problem, Streams.of(0))
        distance[kappa] = float((last.outputs["features"].data - 0.65).abs().mean())
    assert distance[5.0] < distance[0.0]


def test_no_step_is_yielded_with_gradients_enabled():
    _, problem, prior = _problem()
    with torch.no_grad():
        assert all(not torch.is_grad_enabled() for _ in Guided(prior, kappa=1.0).trajectory(problem, Streams.of(0)))
