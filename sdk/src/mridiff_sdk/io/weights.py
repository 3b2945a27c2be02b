"""Weights as safetensors and nothing else: tensors and text, no code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from mridiff.errors import DataError, UnsafeInput, boundary
from mridiff.io.atomic import regular, write_atomically

HEADER_LIMIT = 8 * 2**20
MOST = 20
"""Differences that one message lists."""


def read_weights(path: str | Path, sha256: str | None = None) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors by name and the metadata; the bytes that are hashed are the bytes that are used.

    Raises DataError if the file is absent or damaged, UnsafeInput if its hash is not `sha256` or its header exceeds 8 MiB.
    """
    path = Path(path)
    with boundary(f"{path}: the weights cannot be read"), regular(path).open("rb") as file:
        head = file.read(8)
        size = int.from_bytes(head, "little")
        if size > HEADER_LIMIT and len(head) == 8:
            hint = "is it a .safetensors file?"
            raise UnsafeInput(f"{path}: its header claims {size} bytes; at most {HEADER_LIMIT} are read", hint=hint)
        blob = head + file.read()
    if sha256 is not None and (found := hashlib.sha256(blob).hexdigest()) != sha256:
        hint = "the file was changed or damaged: install it again"
        raise UnsafeInput(f"{path}: its SHA-256 is {found}, but {sha256} is expected", hint=hint)
    with boundary(f"{path}: this is not a sound safetensors file"):
        tensors = safetensors.torch.load(blob)
        metadata = json.loads(blob[8 : 8 + size]).get("__metadata__", {})
    return tensors, metadata


def write_weights(path: str | Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> str:
    """Writes the file whole or not at all and returns its SHA-256; the same content always gives the same bytes."""
    plain = {name: _plain(tensor) for name, tensor in sorted(tensors.items())}
    blob = _sorted_header(safetensors.torch.save(plain, dict(metadata or {})))
    with write_atomically(path) as temporary:
        temporary.write_bytes(blob)
    return hashlib.sha256(blob).hexdigest()


def _plain(tensor: Tensor) -> Tensor:
    """A copy with its values in memory: the format refuses shared memory and would drop a pending conjugation."""
    return tensor.detach().cpu().resolve_conj().resolve_neg().contiguous().clone()


def _sorted_header(blob: bytes) -> bytes:
    """The same file with its header's keys in order; the library writes the metadata in random order."""
    size = int.from_bytes(blob[:8], "little")
    text = json.dumps(json.loads(blob[8 : 8 + size]), sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + blob[8 + size :]


def load_into(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Puts finite tensors into a module whose names, shapes and dtypes they must equal; float16 may be stored for float32.

    Raises DataError with every difference; the module is then unchanged.
    """
    state = module.state_dict()
    problems = [f"missing: {name}" for name in sorted(state.keys() - tensors.keys())]
    problems += [f"unexpected: {name}" for name in sorted(tensors.keys() - state.keys())]
    for name in sorted(state.keys() & tensors.keys()):
        given, wanted = tensors[name], state[name]
        if given.shape != wanted.shape:
            problems.append(f"{name}: the shape is {tuple(given.shape)}, the model has {tuple(wanted.shape)}")
        if given.dtype != wanted.dtype and (given.dtype, wanted.dtype) != (torch.float16, torch.float32):
            problems.append(f"{name}: the dtype is {given.dtype}, the model has {wanted.dtype}")
        elif wanted.is_floating_point() and not torch.isfinite(given).all():
            problems.append(f"{name}: {int((~torch.isfinite(given)).sum())} of {given.numel()} values are NaN or infinite")
    if problems:
        more = [f"and {len(problems) - MOST} more"] if len(problems) > MOST else []
        text = "".join(f"\n    {problem}" for problem in [*problems[:MOST], *more])
        raise DataError(f"the weights do not fit {type(module).__name__}:{text}", hint="build the model as it was trained")
    module.load_state_dict(dict(tensors))
