"""Record: everything needed to repeat a number."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..interfaces.scan import Measured
from ..io.atomic import write_atomically
from .method import Method, Reconstruction
from .services import providers


def digest(tensors: Iterable[tuple[str, Tensor]]) -> str:
    """SHA-256 over names, types, shapes and bytes."""
    h = hashlib.sha256()
    for name, tensor in tensors:
        h.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        data = tensor.detach().cpu().contiguous()
        h.update((torch.view_as_real(data) if data.is_complex() else data).view(torch.uint8).numpy().tobytes() if data.numel() else b"")
    return h.hexdigest()


def data_hash(measured: Measured) -> str:
    """Hash of what was measured and of the acquisition; nothing of the truth."""
    y = measured.y if isinstance(measured.y, tuple) else () if measured.y is None else (measured.y,)
    fields = [*measured.acquisition.items(), *measured.conditions.items()]
    return digest([*((f"y{i}", b) for i, b in enumerate(y)), *((name, f.data) for name, f in sorted(fields))])


def weights_hash(module: nn.Module) -> str:
    """Hash of all parameters and buffers."""
    return digest(sorted(module.state_dict().items()))


def versions(method: Method) -> dict[str, str]:
    """Versions of Python, torch and of every distribution that takes part."""
    from .. import __version__

    taking_part = {e.distribution: e.version for e in method.plan.choice.slots().values()}
    return {"python": platform.python_version(), "torch": torch.__version__, "mridiff": __version__, **dict(sorted(taking_part.items()))}


def describe(method: Method) -> dict[str, Any]:
    """What holds for a whole run: configuration, versions, who provides the services, weights, device."""
    weights = {name: weights_hash(p) for name, p in method.priors.items()}
    return {"config": method.plan.as_dict(), "versions": versions(method), "services": providers(), "weights_sha256": weights,
            "device": str(method.device), "threads": torch.get_num_threads()}  # fmt: skip


def scan_record(result: Reconstruction, measured: Measured, seed: int) -> dict[str, Any]:
    """What holds for one scan: seed, scale, hash of its data, cost and metrics."""
    return {"id": result.scan, "seed": seed, "samples": len(result.samples), "scale": result.scale, "data_sha256": data_hash(measured),
            "cost": result.cost.as_dict(), "metrics": {k: dict(v) for k, v in sorted(result.metrics.items())}}  # fmt: skip


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """A JSON file, complete or absent."""
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(data, indent=2, default=str) + "\n")


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
