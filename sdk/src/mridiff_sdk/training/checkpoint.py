"""Checkpoint: the whole state of a training run as safetensors (numbers) and JSON (counters); never a pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mridiff.errors import DataError, MridiffError

from ..io.weights import load_into, read_weights, write_weights
from ..nets.ema import EMA


def optimiser_tensors(name: str, optimiser: Optimizer) -> dict[str, Tensor]:
    """The tensors of an optimiser's state, by "optimiser/<name>/<parameter index>/<field>"."""
    state: Mapping[int, Mapping[str, Any]] = optimiser.state_dict()["state"]
    return {f"optimiser/{name}/{i}/{k}": torch.as_tensor(v) for i, fields in state.items() for k, v in fields.items()}


def restore_optimiser(name: str, optimiser: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `optimiser_tensors` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    prefix = f"optimiser/{name}/"
    for key, value in tensors.items():
        if key.startswith(prefix):
            index, field = key.removeprefix(prefix).split("/")
            state.setdefault(int(index), {})[field] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def save(path: Path, model: nn.Module, objective: nn.Module, ema: EMA, optimisers: Mapping[str, Optimizer],
         counters: Mapping[str, Any]) -> None:  # fmt: skip
    """Write everything to one file, whole or not at all, with a checksum of all of it."""
    tensors = {f"model/{k}": v for k, v in model.state_dict().items()}
    tensors |= {f"objective/{k}": v for k, v in objective.state_dict().items()}
    tensors |= {f"ema/{k}": v for k, v in ema.average.items()}
    for name, optimiser in optimisers.items():
        tensors |= optimiser_tensors(name, optimiser)
    state = json.dumps({**counters, "ema_updates": ema.updates}, sort_keys=True)
    write_weights(path, tensors, {"state": state, "checksum": checksum(state, tensors)})


def checksum(state: str, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of counters and tensors: safetensors notices a file that was cut short, not one in which numbers changed."""
    digest = hashlib.sha256(state.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(name.encode() + tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and counters of a checkpoint; raises DataError where it is damaged or none."""
    hint = "put a sound copy in its place, or remove it to begin anew"
    try:
        tensors, header = read_weights(path)
    except MridiffError as error:
        raise DataError(error.message, hint=hint) from error
    if "state" not in header or header.get("checksum") != checksum(header["state"], tensors):
        raise DataError(f"{path}: this is no checkpoint of a training, or it was damaged or changed", hint=hint)
    found: dict[str, Any] = json.loads(header["state"])
    return tensors, found


def counters(path: Path) -> dict[str, Any]:
    """Only the counters of a checkpoint; raises what `read` does."""
    return read(path)[1]


def load(path: Path, model: nn.Module, objective: nn.Module, ema: EMA, optimisers: Mapping[str, Optimizer]) -> None:
    """Restore everything but the counters from `path`; raises DataError where the file is damaged or of another model."""
    tensors, state = read(path)
    for kind, module in (("model", model), ("objective", objective)):
        load_into(module, {k.removeprefix(f"{kind}/"): v for k, v in tensors.items() if k.startswith(f"{kind}/")})
    ema.average = {k: tensors[f"ema/{k}"].to(p.device) for k, p in model.named_parameters()}
    ema.updates = int(state["ema_updates"])
    for name, optimiser in optimisers.items():
        restore_optimiser(name, optimiser, tensors)
