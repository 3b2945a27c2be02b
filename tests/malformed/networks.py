"""Malformed weights and checkpoints: mutated files, headers that lie, tensors of other kinds, checkpoints of anything."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from judge import UnsoundError
from mutations import EXTREME, Rng, mutated, pick

from mridiff_sdk.commands.convert import Format, convert
from mridiff_sdk.io import read_weights
from mridiff_sdk.nets import Converted, Preconditioned, SongUNet
from mridiff_sdk.seeds import seeded_layers

SONG = {"noise": 8, "embedding": 16, "fourier": False, "labels": 0, "augment": 0, "filter": 2, "modules": [
    {"name": "enc.8x8_conv", "kind": "conv", "in": 2, "out": 4, "attention": False},
    {"name": "enc.8x8_block0", "kind": "block", "in": 4, "out": 4, "attention": False},
    {"name": "dec.8x8_in0", "kind": "in", "in": 4, "out": 4, "attention": False},
    {"name": "dec.8x8_in1", "kind": "in", "in": 4, "out": 4, "attention": False},
    {"name": "dec.8x8_block0", "kind": "block", "in": 8, "out": 4, "attention": False},
    {"name": "dec.8x8_aux_norm", "kind": "aux_norm", "in": 4, "out": 4, "attention": False},
    {"name": "dec.8x8_aux_conv", "kind": "aux_conv", "in": 4, "out": 2, "attention": False}]}  # fmt: skip
HEADS = (None, 3, "", "{", "[" * 10**5, "null", "1e999", '{"net": {}}', "{}")


@cache
def files() -> dict[str, bytes]:
    """Sound files of weights by the name of the class that reads them."""
    with TemporaryDirectory() as folder, seeded_layers(0):
        path = Path(folder) / "w.safetensors"
        found = {}
        for name, net in (("preconditioned", Preconditioned({"widths": [4, 8], "blocks": [1, 1], "features": 8}, 0.5, (0.01, 1.0))),
                          ("converted", Converted("edm", SONG, "edm"))):  # fmt: skip
            net.save(path)
            found[name] = path.read_bytes()
    return found


READERS = {"preconditioned": Preconditioned, "converted": Converted}


def loaded(name: str, path: Path) -> Callable[[], object]:
    """Reads weights as a prior does; a network that comes out has finite parameters."""

    def use() -> str:
        net = READERS[name].load(path)
        if not all(bool(torch.isfinite(p).all()) for p in net.parameters()):
            raise UnsoundError("a parameter is NaN or infinite")
        return f"{sum(p.numel() for p in net.parameters())} parameters"

    return use


def weights_bytes(rng: Rng, folder: Path) -> Callable[[], object]:
    name, path = pick(rng, sorted(files())), folder / "w.safetensors"
    path.write_bytes(mutated(rng, files()[name]))
    if rng.random() < 0.2:
        return lambda: len(read_weights(path, pick(rng, ("0" * 64, "", "x", None)))[0])
    return loaded(name, path)


def weights_headers(rng: Rng, folder: Path) -> Callable[[], object]:
    """The header of a file, edited where it says names, types, shapes, places, and how the network is built."""
    name, path = pick(rng, sorted(files())), folder / "w.safetensors"
    blob = files()[name]
    size = int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8 : 8 + size])
    for _ in range(int(rng.integers(1, 4))):
        key, kind = pick(rng, sorted(header)), int(rng.integers(7))
        entry = header[key]
        if key == "__metadata__" or kind == 0:
            header["__metadata__"] = _described(rng, dict(header.get("__metadata__") or {}))
        elif kind == 1 and isinstance(entry, dict):
            entry["dtype"] = pick(rng, ("F64", "F16", "BF16", "I64", "BOOL", "F8_E4M3", "C64", "X", None, 3))
        elif kind == 2 and isinstance(entry, dict):
            entry["shape"] = pick(rng, ([], [0], [1] * 200, [10**9, 10**9], [-1], [2**63], "x", None, list(entry.get("shape") or [])[::-1]))
        elif kind == 3 and isinstance(entry, dict):
            entry["data_offsets"] = pick(rng, ([0, 0], [0, 2**62], [5, 1], [-1, 3], [1], None, "x", [0, 4]))
        elif kind == 4:
            header[pick(rng, ("x", "", "é", "a\x1b[31m", "k" * 3000))] = header.pop(key)
        elif kind == 5:
            del header[key]
        else:
            header[key] = pick(rng, (None, 3, [], {}, "x"))
        header = header or {"x": 1}
    text = json.dumps(header).encode()
    text = pick(rng, (text, text, text, text, b" " * 100_000 + text, text[:-3], b"[" * 10**5, b"{" * 1000, b'{"a":' * 10**4, b""))
    length = len(text) if rng.random() < 0.8 else pick(rng, EXTREME)
    path.write_bytes(length.to_bytes(8, "little") + text + blob[8 + size :])
    return loaded(name, path)


def _described(rng: Rng, metadata: dict) -> dict:
    """The description of a network with numbers made extreme and parts made something else."""
    for key, text in metadata.items():
        try:
            data = json.loads(text)
        except (TypeError, ValueError, RecursionError):
            continue
        metadata[key] = json.dumps(_odd(rng, data)) if rng.random() < 0.85 else pick(rng, HEADS)
    return metadata


def _odd(rng: Rng, data: object) -> object:
    if rng.random() < 0.12:
        return pick(
            rng, (None, -1, 0, 1, 3, 17, 10**4, 10**6, 10**9, 2**62, 10**30, 0.5, "", "x", [], {}, [1] * 3000, {"a": 1}, True, float("nan"))
        )
    if isinstance(data, dict):
        return {key: _odd(rng, value) for key, value in data.items()}
    return [_odd(rng, value) for value in data] if isinstance(data, list) else data


def _content(rng: Rng) -> object:
    """What a checkpoint may hold instead of a table of tensors."""
    with seeded_layers(0):
        state = SongUNet(SONG).state_dict()
    half, key = torch.zeros(1).half(), pick(rng, sorted(state))
    odd = (half.expand(10**11), half.expand(3, 10**9), torch.zeros(()), torch.zeros(0), torch.ones(3, dtype=torch.complex64), torch.ones(2, 2).bool(),
           torch.full_like(state[key], torch.nan), torch.ones(10**5, 1, 1, 1), torch.empty(3, device="meta"), 3, None, "x", [state[key]], {"a": state[key]})  # fmt: skip
    kind = int(rng.integers(6))
    if kind <= 1:
        return {**state, key: pick(rng, odd)}
    if kind == 2:
        return {k: v for k, v in state.items() if rng.random() < 0.9}
    if kind == 3:
        names = (
            "all_modules.3.W",
            "all_modules.x.weight",
            "all_modules.0.W",
            "sigmas",
            "enc.8x8_conv.weight",
            "enc.x",
            "map_layer0.weight",
            7,
            ("a", 1),
        )
        return {pick(rng, names): pick(rng, odd) for _ in range(5)}
    if kind == 4:
        return {
            pick(rng, ("ema", "state_dict", "model", "net", "x")): pick(rng, (state, *odd, {"shadow_params": pick(rng, odd)}))
            for _ in range(3)
        }
    return pick(rng, (None, 3, "x", [], {}, [state], (state,), torch.ones(3), True, b"bytes"))


def checkpoints(rng: Rng, folder: Path) -> Callable[[], object]:
    """Checkpoints of anything, some with bytes mutated, some no checkpoint at all, in every format."""
    stream = io.BytesIO()
    torch.save(_content(rng), stream, _use_new_zipfile_serialization=bool(rng.random() < 0.8))
    blob = stream.getvalue()
    if rng.random() < 0.4:
        blob = mutated(rng, blob)
    elif rng.random() < 0.1:
        blob = pick(
            rng,
            (
                b"",
                b"<html>",
                b"version https://git-lfs.github.com/spec/v1\n",
                b"PK\x03\x04",
                b"\x80\x02.",
                b"\x80\x04c",
                rng.bytes(300),
                b"{}",
            ),
        )
    out, form = folder / "out.safetensors", pick(rng, list(Format))
    source = folder / pick(rng, ("them.pt", "them.pth", "them.ckpt", "them.safetensors"))
    if form is Format.DIFFUSERS:
        source = folder / "them"
        source.mkdir()
        (source / "config.json").write_text(
            pick(rng, ("{}", "{", "[" * 10**5, "null", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")))
        )
        (source / "scheduler_config.json").write_text("{}")
        (source / "diffusion_pytorch_model.bin").write_bytes(blob)
    else:
        source.write_bytes(blob)

    def use() -> str:
        with contextlib.redirect_stdout(io.StringIO()):
            convert(source, out, form)
        return str(len(read_weights(out)[0]))

    return use


NETWORKS = {"weights bytes": weights_bytes, "weights headers": weights_headers, "checkpoints": checkpoints}
