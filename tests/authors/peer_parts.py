"""Parts made of other projects' as an author would make them: a few lines each around what exists elsewhere."""

from types import SimpleNamespace

import torch
from torch import nn

from mridiff.interfaces import Space, spread
from mridiff_priors.denoiser import Denoiser
from mridiff_sdk.adaptors import FromLinop, FromUnet
from mridiff_sdk.complex import from_channels, to_channels
from mridiff_sdk.diffusions import VP


class SigpySense(FromLinop):
    @classmethod
    def for_scan(cls, measured):
        from sigpy.mri.linop import Sense

        mask, maps = measured.require("mask", "sensitivity_maps")
        size = tuple(maps.shape[1:])
        return cls([Sense(maps[0].numpy(), weights=mask[0].numpy())], Space(("y", "x"), size[1:]), Space(("coil", "ky", "kx"), size))


class EpsNetwork(nn.Module):
    """A good network in the convention of diffusers: pairs of real images, noise per channel, integer timesteps, the noise as its answer."""

    def __init__(self):
        super().__init__()
        self.denoiser = Denoiser()
        self.register_buffer("abar", torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0))

    def forward(self, sample, timestep):
        a, s = (spread(v.sqrt(), sample) for v in (self.abar[timestep], 1 - self.abar[timestep]))
        # Two channels with noise s / a each are complex numbers with noise sqrt(2) s / a.
        x0 = to_channels(self.denoiser(from_channels(sample / a), (2**0.5 * s / a).flatten()))
        return SimpleNamespace(sample=(sample - a * x0) / s)


class TheirNetwork(FromUnet):
    def __init__(self):
        super().__init__(EpsNetwork(), VP(levels=1000))


class DiffusersUNet(FromUnet):
    def __init__(self):
        from diffusers import UNet2DModel

        blocks = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2, "block_out_channels": (8, 16)}
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = UNet2DModel(in_channels=2, out_channels=2, layers_per_block=1, norm_num_groups=4, **blocks)
        super().__init__(network, VP(levels=1000))
