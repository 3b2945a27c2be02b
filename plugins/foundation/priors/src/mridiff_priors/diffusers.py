"""Diffusers: networks trained with the diffusers library, from their folders or converted files, as priors."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from annotated_types import Gt
from torch import Tensor, nn

from mridiff.errors import ConfigError, DataError, Mistake
from mridiff.interfaces import Scaling
from mridiff_sdk.adaptors import FromUnet
from mridiff_sdk.diffusions import Chain
from mridiff_sdk.io import load_into, read_weights
from mridiff_sdk.nets import bounded, pad

__all__ = ["Diffusers", "DiffusersReal"]

Where = Annotated[str, "folder of a UNet2DModel with its scheduler, or a file made of one by `mridiff convert --format diffusers`"]
Size = Annotated[float, Gt(0), "99th percentile of the magnitude of the images it was trained on, in their own units"]
PREDICTIONS = ("epsilon", "sample", "v_prediction")


def betas(scheduler: Mapping[str, Any]) -> Tensor:
    """The rates (T,) that a scheduler's configuration describes; raises DataError for schedules that are not known here."""
    if scheduler.get("trained_betas") is not None:
        return torch.tensor(scheduler["trained_betas"], dtype=torch.float64)
    T, kind = int(scheduler.get("num_train_timesteps", 1000)), scheduler.get("beta_schedule", "linear")
    low, high = float(scheduler.get("beta_start", 1e-4)), float(scheduler.get("beta_end", 0.02))
    if scheduler.get("rescale_betas_zero_snr"):
        kind = f"{kind} with zero terminal SNR"
    if kind == "linear":
        return torch.linspace(low, high, T, dtype=torch.float64)
    if kind == "scaled_linear":
        return torch.linspace(low**0.5, high**0.5, T, dtype=torch.float64) ** 2
    if kind == "squaredcos_cap_v2":  # Nichol and Dhariwal, ICML 2021, equation 17
        signal = torch.cos((torch.arange(T + 1, dtype=torch.float64) / T + 0.008) / 1.008 * math.pi / 2) ** 2
        return (1 - signal[1:] / signal[:-1]).clamp_max(0.999)
    raise DataError(f"the schedule {kind!r} is not known here", hint="known: linear, scaled_linear, squaredcos_cap_v2, and tables of rates")


class Padded(nn.Module):
    """A network that wants sides that are multiples of a number, for images of any size: padded by reflection and cropped."""

    def __init__(self, network: nn.Module, multiple: int) -> None:
        super().__init__()
        self.network, self.multiple = network, multiple

    def forward(self, x: Tensor, timestep: Tensor) -> Tensor:
        """Real (sample, channel, y, x)."""
        out: Tensor = self.network(pad(x, self.multiple), timestep).sample
        return out[..., : x.shape[-2], : x.shape[-1]]


def parts(path: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Tensor]]:
    """Configuration of the network, of the scheduler, and the weights; raises DataError that names what is not there."""
    if path.is_file():
        tensors, header = read_weights(path)
        if header.get("format") != "diffusers":
            raise DataError(f"{path} was not made by `mridiff convert --format diffusers`")
        return json.loads(header["config"]), json.loads(header["scheduler"]), tensors
    net = path / "unet" if (path / "unet").is_dir() else path
    scheduler = path / "scheduler" if (path / "scheduler").is_dir() else path
    texts = {file: file.read_text() for file in (net / "config.json", scheduler / "scheduler_config.json") if file.is_file()}
    missing = [str(f) for f in (net / "config.json", scheduler / "scheduler_config.json") if f not in texts]
    if missing:
        raise DataError(f"{path} lacks {' and '.join(missing)}", hint="give the folder that save_pretrained of a pipeline or model wrote")
    weights = net / "diffusion_pytorch_model.safetensors"
    if not weights.is_file():
        hint = f"`mridiff convert {path} -o FILE.safetensors --format diffusers` reads .bin files"
        raise DataError(f"{weights} does not exist", hint=hint)
    first, second = (json.loads(text) for text in texts.values())
    return first, second, read_weights(weights)[0]


def build(path: str, channels: int) -> tuple[nn.Module, Chain, Literal["epsilon", "sample", "v_prediction"]]:
    """Network, chain and what the network predicts; raises DataError where they are not what is expected, ConfigError without diffusers."""
    config, scheduler, tensors = parts(Path(path))
    try:
        from diffusers import UNet2DModel
    except ImportError as error:
        raise ConfigError([Mistake("", "diffusers is not installed")], hint="pip install 'mridiff-priors[diffusers]'") from error
    problems = [f"it is a {config.get('_class_name')}, not a UNet2DModel"] if config.get("_class_name") != "UNet2DModel" else []
    both = config.get("in_channels"), config.get("out_channels")
    problems += [f"it has {both[0]} channels in and {both[1]} out; here {channels} are needed"] if both != (channels, channels) else []
    problems += ["it wants class labels"] if config.get("class_embed_type") or config.get("num_class_embeds") else []
    predicts = scheduler.get("prediction_type", "epsilon")
    problems += [f"its prediction {predicts!r} is none of {', '.join(PREDICTIONS)}"] if predicts not in PREDICTIONS else []
    if problems:
        hint = "`diffusers` is for two channels (real and imaginary part), `diffusers-real` for one"
        raise DataError(f"{path}: " + "; ".join(problems), hint=hint)
    with bounded(path, tensors):
        network: nn.Module = UNet2DModel.from_config(config)
        load_into(network, tensors)
    multiple = 2 ** (len(config["block_out_channels"]) - 1)
    return Padded(network.eval().requires_grad_(False), multiple), Chain(betas(scheduler)), predicts


class Diffusers(FromUnet):
    """E[x0 | x_t] of complex images from a UNet2DModel whose two channels are real and imaginary part; its schedule is its scheduler's."""

    def __init__(self, path: Where, p99: Size = 1.0) -> None:
        network, chain, predicts = build(path, 2)
        super().__init__(network, chain, predicts=predicts, scaling=Scaling("p99-adjoint", p99))


class DiffusersReal(FromUnet):
    """E[x0 | x_t] of real images (magnitudes) from a UNet2DModel of one channel; complex images are served part by part."""

    def __init__(
        self,
        path: Where,
        p99: Size = 1.0,
        centred: Annotated[bool, "it was trained on 2 x - 1, for images x from 0 to 1"] = True,
    ) -> None:
        network, chain, predicts = build(path, 1)
        factor, offset = (2, 1.0) if centred else (1, 0.0)
        super().__init__(network, chain, predicts=predicts, channels=1, scaling=Scaling("p99-adjoint", factor * p99), offset=offset)
