"""Malformed configurations and records: recipes with odd keys and values, texts that are nearly YAML, records that were changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import yaml
from judge import UnsoundError
from mutations import Rng, mutated, pick

from mridiff.pipeline.method import default_registry
from mridiff.pipeline.plan import plan
from mridiff.pipeline.record import recall, sealed

VALUES = (None, True, False, -1, 0, 1, 2, 0.5, -0.0, 1e308, 1e-320, float("nan"), float("inf"), -float("inf"), 2**31, 2**63, 2**64, 10**30, 10**900, "",
          " ", "x" * 5000, "1", "true", "nan", "cpu:9", "cuda:77", "../../etc/passwd", "/dev/zero", "a/b/c", "\x1b[31mred", "caf\u00e9", "\u202egnp", "brain",
          "no/such", "os:system", [], {}, [1, 2, 3], [[[[1]]]], {"a": 1}, {"use": "brain"}, {"use": {"use": "x"}}, {"options": 3})  # fmt: skip
KEYS = ("use", "options", "sampler", "priors", "dataset", "operator", "recipe", "seed", "samples", "batch", "device", "version", "", " ", "a.b", "0", "\u00b2",
        "__class__", "steps", "k" * 5000, "\x1b[2J", "1.5", "null", "path", "weights", "acceleration", "slices")  # fmt: skip
SIGNS = ("&a", "*a", "!!python/object/apply:os.system", "!x", ": ", "- ", "[", "]", "{", "}", "|", ">", "'", '"', "#", "%YAML 9.9\n", "---\n", "...\n",
         "? ", "\t", "\0", "\r", "\u2028", "\ufeff", "<<: *a", "@", "`", "\n" * 50, "  " * 50)  # fmt: skip


@cache
def recipes() -> dict[str, tuple[str, dict]]:
    """Text and data of the recipe of every installed method, and of a run that says all itself."""
    found = {e.spec.name: e.path().read_text() for e in default_registry().entries("recipe")}
    found["whole"] = ("version: 1\nseed: 3\nsamples: 2\nbatch: 4\ndevice: cpu\ndataset:\n  use: brain\n  options: {acceleration: 4}\n"
                      "operator:\n  use: sense\nsampler:\n  use: cg-sense\n  options: {iterations: 10}\n")  # fmt: skip
    return {name: (text, yaml.safe_load(text)) for name, text in found.items()}


def places(data: object, path: tuple = ()) -> list[tuple]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [p for key, value in inner for p in ((*path, key), *places(value, (*path, key)))]


def config_values(rng: Rng, folder: Path) -> Callable[[], object]:
    """A recipe with odd values, odd keys, parts dropped and parts put elsewhere."""
    data = copy.deepcopy(recipes()[pick(rng, sorted(recipes()))][1])
    for _ in range(int(rng.integers(1, 4))):
        path = pick(rng, places(data) or [()])
        node = data
        for key in path[:-1]:
            node = node[key]
        if not path or not isinstance(node, dict):
            continue
        kind = int(rng.integers(5))
        if kind <= 1:
            node[path[-1]] = copy.deepcopy(pick(rng, VALUES))
        elif kind == 2:
            node[pick(rng, KEYS)] = copy.deepcopy(pick(rng, VALUES))
        elif kind == 3:
            node[pick(rng, KEYS)] = node.pop(path[-1])
        else:
            del node[path[-1]]
    file = folder / "run.yaml"
    if rng.random() < 0.3:
        return lambda: resolved(data)
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8", errors="surrogatepass")
    return lambda: resolved(file)


def config_text(rng: Rng, folder: Path) -> Callable[[], object]:
    """The text of a recipe with signs of YAML put in, bytes changed, or something else altogether."""
    text = recipes()[pick(rng, sorted(recipes()))][0]
    for _ in range(int(rng.integers(0, 4))):
        at = int(rng.integers(len(text) + 1))
        text = text[:at] + pick(rng, SIGNS) + text[at:]
    blob = text.encode("utf-8")
    if rng.random() < 0.5:
        blob = mutated(rng, blob)
    if rng.random() < 0.1:
        blob = pick(rng, (b"", b"[" * 60_000, b"{a: " * 10_000, b"a: " * 10, b"- " * 30_000, b"\xff\xfe" + b"a\0" * 100, b"#" * 70_000, rng.bytes(3000),
                          b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (i, i) for i in range(2000)), b"a: &a [*a]", b"{}", b"[]", b"3", b"a: b\0",
                          b"".join(b"k%d: %d\n" % (i, i) for i in range(6000)), b"&a " * 20_000, b"? " * 30_000, b"'" * 60_000, b"!" * 60_000))  # fmt: skip
    file = folder / "run.yaml"
    file.write_bytes(blob)
    return lambda: resolved(file)


def config_changes(rng: Rng, _folder: Path) -> Callable[[], object]:
    """Changes laid over a method by name, as keywords and `--set` give them."""
    name = pick(rng, [n for n in sorted(recipes()) if n != "whole"])
    changes: dict = {}
    for _ in range(int(rng.integers(1, 4))):
        node = changes
        for key in [pick(rng, KEYS) for _ in range(int(rng.integers(0, 4)))]:
            node = node.setdefault(key, {}) if isinstance(node.get(key, {}), dict) else node
        node[pick(rng, KEYS)] = copy.deepcopy(pick(rng, VALUES))
    return lambda: resolved(name, changes)


def resolved(source: object, changes: dict | None = None) -> str:
    """The plan of a run: everything but building it; what is accepted can be written down."""
    found = plan(source, default_registry(), changes)
    json.dumps(found.as_dict(), default=str)
    return found.config.sampler.use


def records(rng: Rng, folder: Path) -> Callable[[], object]:
    """The record of a finished scan, changed: it is taken for none, or is what it was."""
    (folder / "reconstruction.h5").write_bytes(b"numbers")
    origin = {"id": "a", "config": {"seed": 3, "sampler": {"use": "x"}}, "data_sha256": "0" * 64}
    text = json.dumps(sealed({**origin, "scale": 2.0, "metrics": {"x": {"psnr": 30.0}}}, [folder / "reconstruction.h5"]), indent=2)
    data = json.loads(text)
    kind = int(rng.integers(3))
    if kind == 0:
        blob = mutated(rng, text.encode())
    elif kind == 1:
        path = pick(rng, places(data))
        node = data
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = copy.deepcopy(pick(rng, VALUES))
        blob = json.dumps(data).encode("utf-8", "surrogatepass")
    else:
        blob = pick(
            rng, (b"", b"[" * 10**5, b"{", b"null", b"[]", b"{}", b'{"sha256": null, "files": 3}', b"\xff", b"1" * 10**5, rng.bytes(99))
        )
    (folder / "record.json").write_bytes(blob)

    def use() -> str:
        record, reason = recall(folder, origin)
        if (record is None) == (not reason):
            raise UnsoundError("neither a record nor a reason")
        if record is not None and record != json.loads(text):
            raise UnsoundError("a changed record is taken for sound")
        return reason

    return use


CONFIGURATIONS = {"config values": config_values, "config text": config_text, "config changes": config_changes, "records": records}
