"""A method without an operator: the codec says what x is, and the sampler what it began with."""

from collections.abc import Iterator

import pytest
import torch

from mridiff.interfaces import Codec, Dataset, Field, Gaussian, Identity, Measured, Prior, Sampler, Scaling, Scan, Space, Step
from mridiff.pipeline.method import load, load_dataset
from mridiff.plugins.registry import Registry
from mridiff.spec import DatasetSpec, PriorSpec, SamplerSpec, Trait, needs
from toy import VE

PICTURE, LATENT = Space(("y", "x"), (4, 6), complex=False), Space(("token",), (24,), complex=False)


class Flat(Codec):
    kind = "nonlinear"

    def space(self, domain):
        return LATENT

    def domain(self, space):
        return PICTURE

    def encode(self, x, conditions=None):
        return x.flatten(1)

    def decode(self, u, conditions=None):
        return u.unflatten(1, PICTURE.shape)


class Known(Prior):
    def __init__(self):
        super().__init__()
        self.space, self.diffusion, self.scaling, self.codec = LATENT, VE(), Scaling("fixed"), Flat()

    def forward(self, x_t, t, conditions=None, rng=None):
        return torch.full_like(x_t, 2.0)


class Read(Sampler):
    def __init__(self, prior, *, guess: bool = True):
        super().__init__()
        self.prior, self.guess = prior, guess

    def trajectory(self, problem, rng) -> Iterator[Step]:
        x = self.prior.codec.decode(self.prior(torch.zeros(len(rng), 24), 1.0)).expand(len(rng), *problem.space.shape)
        outputs = {"baseline": Field(torch.zeros(1, *problem.space.shape), ("y", "x"))} if self.guess else {}
        yield Step(0, 1, x, outputs=outputs)


class Voxels(Dataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        if index not in (0, -1):
            raise IndexError(index)
        measured = Measured(None, Gaussian(), conditions={"voxels": Field(torch.ones(1, 5), ("voxel",))})
        return Scan("v", measured, {"x": Field(torch.ones(1, 4, 6), ("y", "x"))})


HERE = "test_without_operator"
SPECS = (
    PriorSpec(name="known", summary="known", target=f"{HERE}:Known", axes=("y", "x"), complex=False, offers={Trait.DENOISER}),
    SamplerSpec(name="read", summary="reads", target=f"{HERE}:Read", priors={"prior": needs(Trait.DENOISER)}, offers={Trait.OPERATOR_FREE}),
    DatasetSpec(name="voxels", summary="voxels", target=f"{HERE}:Voxels", offers={Trait.NO_MEASUREMENT, Trait.REFERENCE}),
)


@pytest.mark.parametrize("guess", [True, False])
def test_the_codec_leads_to_the_unknown_and_the_first_guess_is_the_baseline(guess, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, HERE, sys.modules[__name__])
    config = {"dataset": {"use": "voxels"}, "priors": {"prior": {"use": "known"}}, "sampler": {"use": "read", "options": {"guess": guess}}}
    method = load(config, Registry.of(SPECS))
    result = method(load_dataset(method.plan)[0], samples=2)
    assert result.axes == ("y", "x") and torch.equal(result.samples, torch.full((2, 4, 6), 2.0))
    if guess:
        assert result.baseline_name == "first guess" and torch.equal(result.baseline, torch.zeros(1, 4, 6))
    else:
        assert result.baseline is None


def test_a_codec_that_says_nothing_keeps_the_space():
    assert Identity().domain(LATENT) == LATENT
