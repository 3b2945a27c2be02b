"""MONAI's diffusion networks as priors, from a folder of their user."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Gt
from torch import Tensor, nn

from mridiff.errors import DataError, boundary
from mridiff.interfaces import Scaling
from mridiff_sdk.adaptors import FromUnet
from mridiff_sdk.diffusions import Chain
from mridiff_sdk.io import load_into, read_weights
from mridiff_sdk.nets import bounded, pad

__all__ = ["Monai", "MonaiReal"]

Where = Annotated[str, "folder with config.json (arguments of DiffusionModelUNet and DDPMScheduler) and model.safetensors"]
Size = Annotated[float, Gt(0), "99th percentile of the magnitude of the images it was trained on, in their own units"]


class Padded(nn.Module):
    """A network that wants sides that are multiples of a number, for images of any size: padded by reflection and cropped."""

    def __init__(self, network: nn.Module, multiple: int) -> None:
        super().__init__()
        self.network, self.multiple = network, multiple

    def forward(self, x: Tensor, timestep: Tensor) -> Tensor:
        """Real (sample, channel, y, x)."""
        out: Tensor = self.network(pad(x, self.multiple), timestep)
        return out[..., : x.shape[-2], : x.shape[-1]]


def build(folder: Path, channels: int) -> tuple[nn.Module, Chain, Literal["epsilon", "sample", "v_prediction"]]:
    """Network, chain and what the network predicts; raises DataError where the folder does not hold what is expected."""
    from monai.networks.nets import DiffusionModelUNet
    from monai.networks.schedulers import DDPMScheduler

    file, tensors = folder / "config.json", read_weights(folder / "model.safetensors")[0]
    with boundary(f"{file}: it does not describe a network and a scheduler of MONAI", "It holds {network: {...}, scheduler: {...}}."):
        config = json.loads(file.read_text())
        net, schedule = ({k: v for k, v in config[part].items() if not k.startswith("_")} for part in ("network", "scheduler"))
        found = {k: net.get(k) for k in ("spatial_dims", "in_channels", "out_channels")}
    wanted = {"spatial_dims": 2, "in_channels": channels, "out_channels": channels}
    if found != wanted or net.get("with_conditioning") or net.get("num_class_embeds"):
        raise DataError(f"{file}: here a network without conditions is needed with {wanted}; it has {found}",
                        hint="`monai` is for two channels (real and imaginary part), `monai-real` for one")  # fmt: skip
    with boundary(f"{file}: MONAI refuses its scheduler"):
        scheduler: Any = DDPMScheduler(**schedule)
    with bounded(file, tensors):
        network: nn.Module = DiffusionModelUNet(**net)
        load_into(network, tensors)
    multiple = 2 ** (len(net.get("channels", (0,) * 4)) - 1)
    return Padded(network.eval().requires_grad_(False), multiple), Chain(scheduler.betas), str(scheduler.prediction_type)  # type: ignore[return-value]


class Monai(FromUnet):
    """E[x0 | x_t] of complex images from a DiffusionModelUNet whose two channels are real and imaginary part."""

    def __init__(self, path: Where, p99: Size = 1.0) -> None:
        network, chain, predicts = build(Path(path), 2)
        super().__init__(network, chain, predicts=predicts, scaling=Scaling("p99-adjoint", p99))


class MonaiReal(FromUnet):
    """E[x0 | x_t] of real images (magnitudes) from a DiffusionModelUNet of one channel; complex images are served part by part."""

    def __init__(self, path: Where, p99: Size = 1.0,
                 centred: Annotated[bool, "it was trained on 2 x - 1, for images x from 0 to 1"] = False) -> None:  # fmt: skip
        network, chain, predicts = build(Path(path), 1)
        factor, offset = (2, 1.0) if centred else (1, 0.0)
        super().__init__(network, chain, predicts=predicts, channels=1, scaling=Scaling("p99-adjoint", factor * p99), offset=offset)
