"""`mridiff convert`: public checkpoints as safetensors. The only place that opens PyTorch's own files, and only for plain tensors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mridiff.errors import DataError, UnsafeInput, boundary

if TYPE_CHECKING:
    from torch import Tensor

    from ..nets.converted import Converted

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
    from ..nets.bounded import named

    with (
        named(source),
        boundary(f"{source} cannot be converted", f"Is it of --format {form.value}, complete, and there room to write {out}?"),
    ):
        if form is Format.DIFFUSERS:
            sha256, use = _diffusers(source, out), "diffusers"
        else:
            tensors = parameters(read_checkpoint(source), form)
            model = _model(source, tensors, form, precondition, sigma_data, centred, fir)
            sha256 = model.save(out, source=source.name, source_sha256=hashlib.sha256(source.read_bytes()).hexdigest())
            typer.echo(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, {model.channels} channel(s)")
            use = "converted" if model.channels == 2 else "converted-real"
    typer.echo(f"{out}\nsha256 {sha256}\nUse it as: --set priors.prior.use={use} --set priors.prior.options.path={out}")


def read_checkpoint(path: Path) -> Any:
    """What is in a checkpoint: tensors and plain containers; raises UnsafeInput for anything else, DataError where it is unreadable."""
    import torch

    from mridiff.io.atomic import regular

    from ..io.weights import read_weights

    if path.suffix == ".safetensors":
        return read_weights(path)[0]
    with boundary(f"{path}: the checkpoint cannot be read"), regular(path).open("rb") as file:
        if found := slip(file.read(200)):
            raise DataError(f"{path}: this is no checkpoint but {found}", hint="Download the file itself: it is much larger.")
    with boundary(f"{path}: this is no checkpoint of PyTorch"):
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:
            if type(error).__name__ != "UnpicklingError" or not foreign(path):
                raise
            hint = "with the authors' own code, save the network's state_dict() with torch.save or as safetensors, and convert that"
            raise UnsafeInput(f"{path}: the file holds more than tensors and plain containers, and would run code", hint=hint) from error


def slip(head: bytes) -> str:
    """What the first bytes of a file show it to be, where a download brought something else than the file; else an empty text."""
    text = head.lstrip().lower()
    kinds = {b"version https://git-lfs": "a Git LFS pointer", b"<": "a web page", b"{": "a text in JSON", b"\x1f\x8b": "a gzip archive"}
    return next((kind for start, kind in kinds.items() if text.startswith(start)), "" if head else "an empty file")


def foreign(path: Path) -> bool:
    """Whether a file is a pickle, alone or in an archive of PyTorch, rather than bytes that merely cannot be read as one."""
    import zipfile

    with path.open("rb") as file:
        start = file.read(2)
    return zipfile.is_zipfile(path) or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05")


def parameters(content: Any, form: Format) -> dict[str, Tensor]:
    """The parameters by the names that the network itself gives them, averaged ones where the checkpoint has any; raises DataError."""
    state = content
    if isinstance(content, Mapping) and not _tensors(content):
        state = next((content[key] for key in STATES if _tensors(content.get(key))), None)
    if not _tensors(state):
        held = ", ".join(map(str, list(content)[:10])) or "nothing" if isinstance(content, Mapping) else type(content).__name__
        raise DataError(f"no table of tensors was found; the checkpoint holds {held}", hint=f"looked for: {', '.join(STATES)}")
    plain(state)
    bare = {key.removeprefix("module.").removeprefix("_orig_mod."): value for key, value in state.items()}
    if form is Format.EDM:
        return {key.removeprefix("model."): value.float() for key, value in bare.items()}
    shadow = content["ema"].get("shadow_params") if state is not content and isinstance(content.get("ema"), Mapping) else None
    if shadow is not None:  # a list in the order of the parameters that were trained
        averaged = {f"averaged parameter {i}": value for i, value in enumerate(shadow)} if isinstance(shadow, list | tuple) else {}
        if not _tensors(averaged):
            raise DataError(f"the averaged parameters (ema, shadow_params) are no list of tensors but {type(shadow).__name__}")
        plain(averaged)
        trained = [key for key in bare if ".NIN_" in key or (key != "sigmas" and not key.endswith(".W"))]
        if len(trained) != len(shadow):
            raise DataError(f"the checkpoint has {len(shadow)} averaged parameters for {len(trained)} trained ones")
        bare |= dict(zip(trained, shadow, strict=True))
    return {key: value.float() for key, value in bare.items()}


def _tensors(state: Any) -> bool:
    import torch

    values = list(state.values()) if isinstance(state, Mapping) else []
    return bool(values) and all(isinstance(value, torch.Tensor) for value in values) and all(isinstance(key, str) for key in state)


def plain(state: Mapping[str, Tensor]) -> None:
    """Raises UnsafeInput that names the tensors which claim more numbers than are stored, or are no plain arrays of numbers."""
    import torch

    def claims(value: Tensor) -> str:
        if value.layout is not torch.strided or value.is_meta or value.is_quantized:
            return "is no plain array"
        stored = value.untyped_storage().nbytes() // value.element_size()
        return f"claims {value.numel()} numbers, of which the file holds {stored}" if value.numel() > stored else ""

    found = [f"{name} {claim}" for name, value in state.items() if (claim := claims(value))]
    if found:
        raise UnsafeInput("; ".join(found[:5]), hint="With the authors' own code, save contiguous tensors, and convert those.")


def _model(source: Path, tensors: dict[str, Tensor], form: Format, precondition: Precondition, sigma_data: float, centred: bool,
           fir: bool) -> Converted:  # fmt: skip
    """The network that the tensors fit, filled with them."""
    from ..io.weights import load_into
    from ..nets.bounded import bounded
    from ..nets.converted import Converted
    from ..nets.ncsnpp import layout as ncsnpp_layout
    from ..nets.song import layout as song_layout

    with bounded(source, tensors):
        if form is Format.EDM:
            model = Converted("edm", song_layout(tensors), precondition.value, sigma_data)
        else:
            sigmas = tensors.pop("sigmas", None)
            range_ = None if sigmas is None else (float(sigmas.min()), float(sigmas.max()))
            model = Converted("ncsnpp", ncsnpp_layout(tensors, fir=fir, centred=centred), "score", sigma_range=range_)
        load_into(model.net, tensors)
    return model


def _diffusers(folder: Path, out: Path) -> str:
    """One file of a folder: configuration of model and scheduler in the header."""
    from ..io.weights import write_weights

    net = folder / "unet" if (folder / "unet").is_dir() else folder
    scheduler = folder / "scheduler" if (folder / "scheduler").is_dir() else folder
    found = [net / f"diffusion_pytorch_model.{suffix}" for suffix in ("safetensors", "bin")]
    weights = next((path for path in found if path.is_file()), None)
    texts = {"config": net / "config.json", "scheduler": scheduler / "scheduler_config.json"}
    missing = [str(path) for path in texts.values() if not path.is_file()] + ([str(found[0])] if weights is None else [])
    if missing or weights is None:
        raise DataError(f"{folder} lacks {', '.join(missing)}", hint="give the folder that save_pretrained of a pipeline or model wrote")
    header = {}
    for name, path in texts.items():
        with boundary(f"{path}: this is no JSON"):
            header[name] = json.dumps(json.loads(path.read_text(encoding="utf-8")), sort_keys=True)
    tensors = read_checkpoint(weights)
    if not _tensors(tensors):
        raise DataError(f"{weights}: it holds no table of tensors but {type(tensors).__name__}")
    plain(tensors)
    return write_weights(out, tensors, {"format": "diffusers", **header})
