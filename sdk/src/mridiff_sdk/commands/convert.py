"""`mridiff convert`: public checkpoints as safetensors. The only place that opens PyTorch's own files, and only for plain tensors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mridiff.errors import DataError, UnsafeInput

if TYPE_CHECKING:
    from torch import Tensor

STATES = ("ema", "ema_state_dict", "state_dict", "model_state_dict", "model", "net")
"""Where checkpoints keep the parameters, the averaged ones first."""


class Format(StrEnum):
    """Whose checkpoint it is."""

    EDM = "edm"
    NCSNPP = "ncsnpp"
    DIFFUSERS = "diffusers"


class Precondition(StrEnum):
    """How an EDM network was trained."""

    EDM = "edm"
    VP = "vp"
    VE = "ve"


def convert(
    source: Annotated[Path, typer.Argument(help="A checkpoint (.pt, .pth, .bin, .safetensors); for diffusers the model's folder.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The .safetensors file to write.")],
    form: Annotated[Format, typer.Option("--format", help="edm: DDPM++ or NCSN++ of EDM; ncsnpp: score_sde, VE; diffusers: UNet2DModel.")],
    precondition: Annotated[Precondition, typer.Option(help="edm: the preconditioning that it was trained with.")] = Precondition.EDM,
    sigma_data: Annotated[float, typer.Option(min=0, help="edm: the standard deviation of its training images.")] = 0.5,
    centred: Annotated[bool, typer.Option("--centred", help="ncsnpp: it was given images as they are, not 2 x - 1.")] = False,
    fir: Annotated[bool, typer.Option(help="ncsnpp: it changes resolution through the filter 1 3 3 1.")] = True,
) -> None:
    """Convert a public checkpoint into a safetensors file that a prior can use; no code in it is ever run."""
    if out.suffix != ".safetensors":
        raise DataError(f"{out} must end in .safetensors")
    if form is Format.DIFFUSERS:
        sha256, use = _diffusers(source, out), "diffusers"
    else:
        from ..nets.converted import Converted
        from ..nets.ncsnpp import layout as ncsnpp_layout
        from ..nets.song import layout as song_layout

        tensors = parameters(read_checkpoint(source), form)
        if form is Format.EDM:
            model = Converted("edm", song_layout(tensors), precondition.value, sigma_data)
        else:
            sigmas = tensors.pop("sigmas", None)
            range_ = None if sigmas is None else (float(sigmas.min()), float(sigmas.max()))
            model = Converted("ncsnpp", ncsnpp_layout(tensors, fir=fir, centred=centred), "score", sigma_range=range_)
        sha256, use = _fill(model, tensors, source, out), "converted"
        typer.echo(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, {model.channels} channel(s)")
        use += "" if model.channels == 2 else "-real"
    typer.echo(f"{out}\nsha256 {sha256}\nUse it as: --set priors.prior.use={use} --set priors.prior.options.path={out}")


def read_checkpoint(path: Path) -> Any:
    """What is in a checkpoint: tensors and plain containers; raises UnsafeInput for anything else, DataError where it is unreadable."""
    import torch

    from mridiff.io.weights import read_weights

    if path.suffix == ".safetensors":
        return read_weights(path)[0]
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(f"{path}: the checkpoint cannot be read: {error.strerror}") from error
    except Exception as error:
        if type(error).__name__ == "UnpicklingError":
            hint = "with the authors' own code, save the network's state_dict() with torch.save or as safetensors, and convert that"
            raise UnsafeInput(f"{path}: the file holds more than tensors and plain containers, and would run code", hint=hint) from error
        raise DataError(f"{path}: this is no checkpoint of PyTorch: {error}") from error


def parameters(content: Any, form: Format) -> dict[str, Tensor]:
    """The parameters by the names that the network itself gives them, averaged ones where the checkpoint has any; raises DataError."""
    state = content
    if isinstance(content, Mapping) and not _tensors(content):
        state = next((content[key] for key in STATES if _tensors(content.get(key))), None)
    if not _tensors(state):
        held = ", ".join(map(str, content)) if isinstance(content, Mapping) else type(content).__name__
        raise DataError(f"no table of tensors was found; the checkpoint holds {held}", hint=f"looked for: {', '.join(STATES)}")
    bare = {key.removeprefix("module.").removeprefix("_orig_mod."): value for key, value in state.items()}
    if form is Format.EDM:
        return {key.removeprefix("model."): value.float() for key, value in bare.items()}
    shadow = content["ema"].get("shadow_params") if state is not content and isinstance(content.get("ema"), Mapping) else None
    if shadow is not None:  # a list in the order of the parameters that were trained
        trained = [key for key in bare if ".NIN_" in key or (key != "sigmas" and not key.endswith(".W"))]
        if len(trained) != len(shadow):
            raise DataError(f"the checkpoint has {len(shadow)} averaged parameters for {len(trained)} trained ones")
        bare |= dict(zip(trained, shadow, strict=True))
    return {key: value.float() for key, value in bare.items()}


def _tensors(state: Any) -> bool:
    import torch

    return isinstance(state, Mapping) and bool(state) and all(isinstance(value, torch.Tensor) for value in state.values())


def _fill(model: Any, tensors: Mapping[str, Tensor], source: Path, out: Path) -> str:
    from mridiff.io.weights import load_into

    load_into(model.net, tensors)
    sha256: str = model.save(out, source=source.name, source_sha256=hashlib.sha256(source.read_bytes()).hexdigest())
    return sha256


def _diffusers(folder: Path, out: Path) -> str:
    """One file of a folder: configuration of model and scheduler in the header."""
    from mridiff.io.weights import write_weights

    net = folder / "unet" if (folder / "unet").is_dir() else folder
    scheduler = folder / "scheduler" if (folder / "scheduler").is_dir() else folder
    found = [net / f"diffusion_pytorch_model.{suffix}" for suffix in ("safetensors", "bin")]
    weights = next((path for path in found if path.is_file()), None)
    texts = {"config": net / "config.json", "scheduler": scheduler / "scheduler_config.json"}
    missing = [str(path) for path in texts.values() if not path.is_file()] + ([str(found[0])] if weights is None else [])
    if missing or weights is None:
        raise DataError(f"{folder} lacks {', '.join(missing)}", hint="give the folder that save_pretrained of a pipeline or model wrote")
    header = {name: json.dumps(json.loads(path.read_text()), sort_keys=True) for name, path in texts.items()}
    return write_weights(out, read_checkpoint(weights), {"format": "diffusers", **header})
