"""Networks called as diffusers' are, as priors: the right noise level at the right time, in complex and in real images."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mridiff.interfaces import Scaling, Space, Streams, spread
from mridiff.spec import Trait
from mridiff_sdk.adaptors.peers import FromUnet
from mridiff_sdk.codecs import Channels
from mridiff_sdk.diffusions import VE, VP
from mridiff_sdk.testing import PriorCase, examine
from mridiff_sdk.testing.automatic.priors import smooth

TRAITS = frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.LINEAR_CODEC})
ABAR = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
"""alpha^2 at each timestep, as the other project has it."""


class Wiener(nn.Module):
    """The exact answer for images of independent channels whose power falls with frequency, in the convention of the other project."""

    def __init__(self, predicts, wrap):
        super().__init__()
        self.predicts, self.wrap = predicts, wrap

    def forward(self, sample, timestep):
        assert timestep.dtype == torch.int64 and timestep.shape == sample.shape[:1]
        a, s = (spread(v.sqrt(), sample) for v in (ABAR[timestep], 1 - ABAR[timestep]))
        k = torch.fft.fftn(sample, dim=(-2, -1))
        f = sum(torch.meshgrid(*(torch.fft.fftfreq(n) ** 2 for n in sample.shape[-2:]), indexing="ij"))
        v = 1 / (f + 1e-4)
        v = 0.3 * v / v.mean()
        x0 = torch.fft.ifftn(a * v / (a**2 * v + s**2) * k, dim=(-2, -1)).real.to(sample.dtype)
        eps = (sample - a * x0) / s
        return self.wrap({"epsilon": eps, "sample": x0, "v_prediction": a * eps - s * x0}[self.predicts])


WRAPS = {"object": lambda x: SimpleNamespace(sample=x), "tuple": lambda x: (x,), "tensor": lambda x: x}


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("predicts", ["epsilon", "sample", "v_prediction"])
def test_a_network_of_pairs_keeps_every_law_of_priors(predicts, wrap):
    def build():
        return FromUnet(Wiener(predicts, WRAPS[wrap]), VP(levels=1000), predicts=predicts)

    x = Channels().encode(smooth(Space(("y", "x"), (24, 20)), 2))
    outcomes = list(examine([PriorCase(id="unet", offers=TRAITS, build=build, x0=x)]))
    assert not [o for o in outcomes if o.status == "failed"]
    assert {"prior.denoises", "prior.levels", "prior.codec-linear"} <= {o.check for o in outcomes if o.status == "passed"}


def test_three_predictions_are_one_prior():
    x = Streams.of(0, "x", 2).normal((2, 8, 6), torch.float32)
    t = torch.tensor([0.1, 0.7])
    one, two, three = (
        FromUnet(Wiener(p, WRAPS["object"]), VP(levels=1000), predicts=p)(x, t) for p in ("epsilon", "sample", "v_prediction")
    )
    torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(one, three, rtol=1e-3, atol=1e-4)


def test_the_levels_of_a_pair_are_those_of_the_complex_image():
    """White noise of sigma per complex number reaches the network as sigma per channel, and the scale makes up for it."""
    seen = []

    def network(sample, timestep):
        seen.append((sample, timestep))
        return sample

    class Net(nn.Module):
        forward = staticmethod(network)

    prior, d = FromUnet(Net(), VP(levels=1000), scaling=Scaling("max-adjoint", 1.0)), VP(levels=1000)
    assert prior.scaling == Scaling("max-adjoint", 1 / 2**0.5)
    n = d.sigma(0.5) * Streams.of(0, "n").normal((64, 64))
    prior(prior.codec.encode(n), 0.5)
    sample, timestep = seen[0]
    assert timestep.tolist() == [499]
    assert abs(float(sample.std() / d.sigma(0.5)) - 1) < 0.02
    assert isinstance(prior.codec, Channels)


def test_real_images_of_one_channel():
    prior = FromUnet(Wiener("epsilon", WRAPS["object"]), VP(levels=1000), channels=1, scaling=Scaling("fixed", 2.0))
    x0 = smooth(prior.space.fixed((24, 20)), 2)
    outcomes = list(examine([PriorCase(id="real", offers=TRAITS, build=lambda: prior, x0=x0)]))
    assert not [o for o in outcomes if o.status == "failed"]
    assert prior.scaling == Scaling("fixed", 2.0)


def test_a_continuous_chain_is_refused():
    with pytest.raises(ValueError, match="no discrete levels"):
        FromUnet(nn.Identity(), VE())


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_unet_of_diffusers_answers_as_its_own_scheduler_says():
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    unet = diffusers.UNet2DModel(sample_size=16, in_channels=2, out_channels=2, layers_per_block=1, block_out_channels=(8, 16), norm_num_groups=4,
                                 down_block_types=("DownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D")).eval()  # fmt: skip
    prior = FromUnet(unet, VP(levels=1000))
    scheduler = diffusers.DDPMScheduler(num_train_timesteps=1000, clip_sample=False)
    x_t = Streams.of(0, "x").normal((2, 16, 16), torch.float32)
    with torch.no_grad():
        for timestep in (0, 250, 999):
            theirs = scheduler.step(unet(x_t, timestep).sample, timestep, x_t).pred_original_sample
            torch.testing.assert_close(prior(x_t, (timestep + 1) / 1000), theirs, rtol=1e-3, atol=1e-3)
    held_to = TRAITS - {Trait.DENOISER}  # its weights are random
    outcomes = list(examine([PriorCase(id="unet", offers=held_to, build=lambda: prior, x0=torch.cat((x_t, 0.5 * x_t)))]))
    assert not [o for o in outcomes if o.status == "failed"]
