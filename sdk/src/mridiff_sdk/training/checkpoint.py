"""Checkpoint: the whole state of a training run as safetensors (numbers) and JSON (counters); never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

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
    """Write everything to one file, whole or not at all."""
    tensors = {f"model/{k}": v for k, v in model.state_dict().items()}
    tensors |= {f"objective/{k}": v for k, v in objective.state_dict().items()}
    tensors |= {f"ema/{k}": v for k, v in ema.average.items()}
    for name, optimiser in optimisers.items():
        tensors |= optimiser_tensors(name, optimiser)
    partial = path.with_suffix(".partial")
    state = json.dumps({**counters, "ema_updates": ema.updates})
    save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, partial, metadata={"state": state})
    partial.replace(path)


def load(path: Path, model: nn.Module, objective: nn.Module, ema: EMA, optimisers: Mapping[str, Optimizer]) -> dict[str, Any]:
    """Restore everything from `path`; returns the counters."""
    with safe_open(path, framework="pt") as f:
        tensors = {k: f.get_tensor(k) for k in f.keys()}  # noqa: SIM118 (not a dict)
        counters: dict[str, Any] = json.loads(f.metadata()["state"])
    model.load_state_dict({k.removeprefix("model/"): v for k, v in tensors.items() if k.startswith("model/")})
    objective.load_state_dict({k.removeprefix("objective/"): v for k, v in tensors.items() if k.startswith("objective/")})
    ema.average = {k: tensors[f"ema/{k}"].to(p.device) for k, p in model.named_parameters()}
    ema.updates = int(counters.pop("ema_updates"))
    for name, optimiser in optimisers.items():
        restore_optimiser(name, optimiser, tensors)
    return counters
