"""Cases of priors that need a checkpoint: small networks with small random weights, written and read as their users' files are."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from mridiff.interfaces import Prior, Space
from mridiff.spec import Spec, Trait
from mridiff_sdk.codecs import Channels
from mridiff_sdk.io import write_weights
from mridiff_sdk.nets import Converted as Network
from mridiff_sdk.seeds import generator, seeded_layers
from mridiff_sdk.stimuli import scene
from mridiff_sdk.testing import Case, PriorCase, smooth

from . import converted, diffusers

SCHEDULER = {"_class_name": "DDPMScheduler", "num_train_timesteps": 1000, "beta_schedule": "linear", "prediction_type": "v_prediction"}


def small_layout(channels: int) -> dict[str, Any]:
    """A DDPM++ network of two resolutions and a handful of channels."""
    block = [("enc.8x8_block0", 8, 8), ("enc.4x4_down", 8, 8), ("enc.4x4_block0", 8, 16), ("dec.4x4_in0", 16, 16), ("dec.4x4_in1", 16, 16),
             ("dec.4x4_block0", 32, 16), ("dec.4x4_block1", 24, 16), ("dec.8x8_up", 16, 16), ("dec.8x8_block0", 24, 8),
             ("dec.8x8_block1", 16, 8)]  # fmt: skip
    ends = ("enc.8x8_conv", channels, 8), ("dec.8x8_aux_norm", 8, 8), ("dec.8x8_aux_conv", 8, channels)
    modules = [{"name": name, "kind": name.split("_", 1)[1].rstrip("0123456789"), "in": a, "out": b, "attention": name.endswith("in0")}
               for name, a, b in (ends[0], *block, *ends[1:])]  # fmt: skip
    return {"noise": 8, "embedding": 16, "fourier": False, "labels": 0, "augment": 0, "filter": 2, "modules": modules}


def small_converted(path: Path, channels: int) -> None:
    """A file as `mridiff convert --format edm` makes it."""
    rng, model = generator(0), Network("edm", small_layout(channels), "edm")
    with torch.no_grad():
        for p in model.net.parameters():
            p.copy_(0.1 * torch.randn(p.shape, generator=rng))
    model.save(path)


def small_diffusers(path: Path, channels: int) -> None:
    """A file as `mridiff convert --format diffusers` makes it."""
    from diffusers import UNet2DModel

    with seeded_layers(0):
        model = UNet2DModel(sample_size=16, in_channels=channels, out_channels=channels, layers_per_block=1, block_out_channels=(8, 16),
                            norm_num_groups=4, down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2)  # fmt: skip
    config = {"_class_name": "UNet2DModel", **{k: v for k, v in model.config.items() if not k.startswith("_")}}
    write_weights(path, model.state_dict(), {"format": "diffusers", "config": json.dumps(config), "scheduler": json.dumps(SCHEDULER)})


def _built(make: Callable[[Path, int], None], prior: Callable[[str], Prior], channels: int) -> Prior:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "small.safetensors"
        make(path, channels)
        return prior(str(path))


def latent(spec: Spec) -> Iterable[Case]:
    """Latents of two drawn scenes that the shipped networks have not seen."""
    from .latent.prior import LatentDiffusion

    prior = LatentDiffusion()
    with torch.no_grad():
        x0 = prior.codec.encode(torch.stack([scene(n).picture(prior.stack.size) for n in (0, 1)]))
    yield PriorCase(id="two-scenes", offers=spec.offers, build=lambda: prior, x0=x0, loss=0.1)


NETWORKS: dict[str, tuple[Callable[[Path, int], None], Callable[[str], Prior], int]] = {
    "converted": (small_converted, converted.Converted, 2),
    "converted-real": (small_converted, converted.ConvertedReal, 1),
    "diffusers": (small_diffusers, diffusers.Diffusers, 2),
    "diffusers-real": (small_diffusers, diffusers.DiffusersReal, 1),
}
"""What writes the file of a prior that needs one, the prior, and its channels, by name."""


def options(spec: Spec, folder: Path) -> dict[str, str]:
    """The path of a small network for a prior that needs one; raises MissingPackage where diffusers is not installed."""
    if spec.name not in NETWORKS:
        return {}
    make, _, channels = NETWORKS[spec.name]
    make(path := folder / f"{spec.name}.safetensors", channels)
    return {"path": str(path)}


def cases(spec: Spec) -> Iterable[Case]:
    """One case for each prior that needs a file; none for those of diffusers where it is not installed."""
    if spec.name == "latent-diffusion" and importlib.util.find_spec("transformers") and importlib.util.find_spec("diffusers"):
        yield from latent(spec)
    if spec.name not in NETWORKS or (spec.name.startswith("diffusers") and importlib.util.find_spec("diffusers") is None):
        return
    make, prior, channels = NETWORKS[spec.name]
    space = Space(("y", "x"), (24, 20), complex=channels == 2)
    x0 = smooth(space, 2)
    known = Channels().encode(x0) if spec.name == "diffusers" else x0
    held_to = spec.offers - {Trait.DENOISER}  # random weights denoise nothing
    yield PriorCase(id="small", offers=held_to, build=lambda: _built(make, prior, channels), x0=known)
