"""Folder: a model folder in the Hugging Face layout as one safetensors file, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from safetensors.torch import save_file
from torch import Tensor

from mridiff.errors import DataError
from mridiff_sdk.io import contained, read_weights, write_weights

MARK, TEXTS = "folder", (".json", ".txt")


def pack(folder: Path, path: Path, **notes: str) -> str:
    """Write the weights of a folder as float16, and its texts (.json, .txt), to one file; returns its SHA-256.

    Tensors are named "place/of/file.safetensors:name"; the texts stand in the header under their place. Other files are left out.
    """
    tensors: dict[str, Tensor] = {}
    header = {MARK: "a model folder", **notes}
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        place = file.relative_to(folder).as_posix()
        if file.suffix == ".safetensors":
            found = read_weights(file)[0]
            tensors |= {f"{place}:{k}": v.half() if v.is_floating_point() else v for k, v in found.items()}
        elif file.suffix in TEXTS:
            header[place] = _plain(file) if file.suffix == ".json" else file.read_text()
    return write_weights(path, tensors, header)


@contextmanager
def unpacked(path: Path, sha256: str | None = None) -> Iterator[Path]:
    """The folder of a packed file, for as long as the block lasts.

    Raises DataError where the file is absent or was not packed, UnsafeInput where its hash is another or a place leads out of the folder.
    """
    tensors, header = read_weights(path, sha256)
    if MARK not in header:
        raise DataError(f"{path} holds no packed folder", hint="give a file made by `mridiff train latent-diffusion`, or a folder")
    with TemporaryDirectory() as temporary:
        root = Path(temporary)
        files: dict[str, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            place, _, key = name.rpartition(":")
            files.setdefault(place, {})[key] = tensor.float() if tensor.dtype == torch.float16 else tensor
        for place, content in files.items():
            save_file(content, _made(root, place), metadata={"format": "pt"})
        for place, text in header.items():
            if place.endswith(TEXTS):
                _made(root, place).write_text(text)
        yield root


def _plain(file: Path) -> str:
    """A configuration without the folder that its model was once read from."""
    content = json.loads(file.read_text())
    if isinstance(content, dict):
        content.pop("_name_or_path", None)
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def _made(root: Path, place: str) -> Path:
    file = contained(root, place)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file
