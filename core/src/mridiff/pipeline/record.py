"""Record: everything needed to repeat a number, and to tell whether results are still those of what they were made from."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..interfaces.scan import Measured, Scan
from ..io.atomic import regular, write_atomically
from .method import Method, Reconstruction
from .services import providers


def digest(parts: Iterable[tuple[str, Any]]) -> str:
    """SHA-256 over names, types, shapes and bytes of tensors, and over the text of anything else."""
    h = hashlib.sha256()
    for name, part in parts:
        if isinstance(part, Tensor):
            h.update(f"{name}:{part.dtype}:{tuple(part.shape)};".encode())
            data = part.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
            h.update((torch.view_as_real(data) if data.is_complex() else data).view(torch.uint8).numpy().data)
        else:
            h.update(f"{name}={part!r};".encode())
    return h.hexdigest()


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if is_dataclass(value):
        inside: Iterable[tuple[Any, Any]] = (("", type(value).__qualname__), *((f.name, getattr(value, f.name)) for f in fields(value)))
    elif isinstance(value, Mapping):
        inside = sorted(value.items())
    elif isinstance(value, (tuple, list)):
        inside = enumerate(value)
    else:
        yield name, value
        return
    for key, item in inside:
        yield from _parts(f"{name}.{key}", item)


def data_hash(measured: Measured) -> str:
    """Hash of all that was measured: y, noise, acquisition, conditions, geometry; nothing of the truth."""
    return digest(_parts("measured", measured))


def weights_hash(module: nn.Module) -> str:
    """Hash of all parameters and buffers."""
    return digest(sorted(module.state_dict().items()))


def versions(method: Method) -> dict[str, str]:
    """Versions of Python, torch and of every distribution that takes part."""
    from .. import __version__

    taking_part = {e.distribution: e.version for e in method.plan.choice.slots().values()}
    return {"python": platform.python_version(), "torch": torch.__version__, "mridiff": __version__, **dict(sorted(taking_part.items()))}


def describe(method: Method) -> dict[str, Any]:
    """What holds for a whole run: configuration, versions, who provides the services, weights, device, machine."""
    weights = {name: weights_hash(p) for name, p in method.priors.items()}
    machine = f"{platform.system()} {platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
    return {"config": method.plan.as_dict(), "versions": versions(method), "services": providers(), "weights_sha256": weights,
            "device": str(method.device), "machine": machine, "threads": torch.get_num_threads()}  # fmt: skip


def origin(head: Mapping[str, Any], scan: Scan) -> dict[str, Any]:
    """What the result of a scan is made from: `head` of the run (`describe`), the scan's name, and hashes of its data and reference."""
    return plain({**head, "id": scan.id, "data_sha256": data_hash(scan.measured), "reference_sha256": digest(_parts("truth", scan.truth))})


def scan_record(result: Reconstruction, made_from: Mapping[str, Any]) -> dict[str, Any]:
    """The origin of a result, and what was found: seed, number of samples, scale, cost and metrics."""
    return {**made_from, "seed": made_from["config"]["seed"], "samples": len(result.samples), "scale": result.scale,
            "cost": result.cost.as_dict(), "metrics": {k: dict(v) for k, v in sorted(result.metrics.items())}}  # fmt: skip


def sealed(record: Mapping[str, Any], files: Iterable[Path]) -> dict[str, Any]:
    """A record with the hashes of the files that it speaks of, and one of itself."""
    whole = plain({**record, "files": {f.name: _file_hash(f) for f in sorted(files)}})
    return {**whole, "sha256": seal(whole)}


def recall(folder: Path, made_from: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """The record of a finished scan, or None and the reason why what lies in `folder` is not the result of this origin."""
    if not folder.exists():
        return None, ""
    try:
        record = json.loads(regular(folder / "record.json").read_bytes())
        if record.pop("sha256") != (found := seal(record)):
            return None, "its record.json was changed"
        wrong = [key.removesuffix("_sha256") for key, value in made_from.items() if record.get(key) != value]
        changed = [name for name, sha in record["files"].items() if not (folder / name).is_file() or _file_hash(folder / name) != sha]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None, "its record.json is missing or damaged"
    reasons = [*([f"it was made from other {', '.join(wrong)}"] if wrong else []), *(f"{name} is missing or changed" for name in changed)]
    if reasons:
        return None, " and ".join(reasons)
    return {**record, "sha256": found}, ""


def seal(record: Mapping[str, Any]) -> str:
    """The hash of plain data, by which a change of its file is seen."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data as JSON gives it back."""
    return dict(json.loads(json.dumps(data, default=str)))


def write_json(path: Path, data: Mapping[str, Any], mark: str = "") -> None:
    """A JSON file, complete or absent."""
    with write_atomically(path, mark) as temporary:
        temporary.write_text(json.dumps(data, indent=2, default=str) + "\n")


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
