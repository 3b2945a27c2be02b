"""Every method on the scans of its own recipe, which no weights have seen, beside classical methods on the same scans.

    python benchmarks/methods.py              writes benchmarks/results/methods.md; needs no data, some ten minutes on one thread
    python benchmarks/methods.py diffgan lrdm only these, printed

Each row is `mridiff recon` in a process of its own, so that its memory is its own; all numbers are read from the records that it leaves.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import mridiff
from mridiff.spec import PriorSpec

BESIDE: dict[str, tuple[str, tuple[str, ...]]] = {
    "dps-mri": ("sense", ("cg-sense", "tv", "l1-wavelet")),
    "dpir": ("sense", ()),
    "diffgan": ("fourier", ("tv", "l1-wavelet")),
    "lrdm": ("sense", ("cg-sense", "tv")),
    "kspace-cold-diffusion": ("sense", ("cg-sense", "tv")),
    "amk-cdiffnet": ("sense", ()),
    "moco-dps": ("sense", ("cg-sense", "tv")),
    "gldm": ("kt-cartesian", ("tv",)),
    "diffusion-qsm": ("dipole", ("tkd", "tv")),
    "mc-diffusion": ("pet-mr", ("pet-mr-classical", "mc-diffusion-independent")),
    "neuraldiffuser": ("", ()),
}
"""For each method the operator by which others reconstruct its scans, and these others."""
OWN = {"psnr": ".2f", "ssim": ".3f", "nmse": ".4f"}
"""Metrics that have columns of their own, and how they are written."""


def configuration(name: str, method: str, operator: str) -> str:
    """YAML of `name` on the scans of `method`."""
    dataset = mridiff.load(method).plan.config.dataset
    assert dataset is not None
    other = f"operator: {{use: {operator}}}\n" if name in ("cg-sense", "tv", "l1-wavelet", "tkd") else ""
    return f"recipe: {name}\ndataset: {json.dumps(dataset.model_dump())}\n{other}"


def run(name: str, method: str, operator: str, folder: Path, threads: int) -> dict[str, Any]:
    """The record of one reconstruction."""
    config, out = folder / f"{name} on {method}.yaml", folder / f"{name}-{method}"
    config.write_text(configuration(name, method, operator))
    command = [str(Path(sys.executable).parent / "mridiff"), "recon", str(config), "-o", str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    record: dict[str, Any] = json.loads((out / "record.json").read_text())
    if record["failed"]:
        raise RuntimeError(f"{name} on {method}: {record['failed']}")
    return record


def means(scans: list[dict[str, Any]], *path: str) -> dict[str, float]:
    """Means over scans of the numbers at this place of the record."""
    found: list[Any] = scans
    for key in path:
        found = [f[key] for f in found]
    return {k: sum(f[k] for f in found) / len(found) for k in found[0] if all(k in f for f in found)}


def row(name: str, scans: list[dict[str, Any]], which: str, shipped: str) -> str:
    """One line of the table; the first look at the data (`which` "baseline") costs nothing of note."""
    m = means(scans, "metrics", which)
    c = means(scans, "cost") if which == "x" else {}
    more = ", ".join(f"{k} {v:.3g}" for k, v in m.items() if k not in OWN and not k.endswith("_head"))
    scores = [f"{m[key]:{form}}" if key in m else "" for key, form in OWN.items()]
    cost = [f"{c['nfe']:.0f}", f"{c['seconds']:.1f}", f"{c['peak_memory_mb'] / 1000:.2f}"] if c else ["", "", ""]
    return f"| {name} ({len(scans)}) | {' | '.join([*scores, more, *cost, shipped])} |"


def weights(method: str) -> str:
    """Megabytes of all weights that ship with the method's priors, also where a run loads one of several."""
    sizes = []
    for entry in mridiff.load(method).plan.choice.priors.values():
        assert isinstance(entry.spec, PriorSpec)
        package = entry.spec.target.split(":")[0].split(".")[0]
        sizes += [files(package).joinpath(w.file).stat().st_size / 1e6 for w in entry.spec.weights]  # type: ignore[attr-defined]
    return " + ".join(f"{s:.1f}" for s in sizes)


def table(methods: list[str], threads: int) -> list[str]:
    """All rows; a method's first look at its data comes first, itself last."""
    lines = ["| method (scans) | PSNR | SSIM | NMSE | more | NFE | s | GB | weights that ship, MB |", "|---" * 9 + "|"]
    with tempfile.TemporaryDirectory() as temporary:
        for method in methods:
            operator, others = BESIDE[method]
            record = run(method, method, operator, Path(temporary), threads)
            if "baseline" in record["scans"][0]["metrics"]:
                lines.append(row(f"{method}: first look", record["scans"], "baseline", ""))
            for name in others:
                lines.append(row(f"{method}: {name}", run(name, method, operator, Path(temporary), threads)["scans"], "x", ""))
            lines.append(row(f"**{method}**", record["scans"], "x", weights(method)))
            print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="*", help="only these; nothing is written")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "methods.md")
    options = parser.parse_args()
    lines = table(options.methods or list(BESIDE), options.threads)
    if options.methods:
        print("\n".join(lines))
        return
    head = ["# All methods on the scans of their recipes", "",
            f"{time.strftime('%Y-%m-%d')}, {options.threads} thread(s), torch {version('torch')}. Seconds are wall clock, on a machine",
            "that may have had other work; GB is the peak of the whole process. NFE counts the images",
            "(slices, cubes) that networks saw, per sample.", "",
            "Tasks differ, so methods do not compete; each is to be read beside the rows above it. One scan, or a few, is an example",
            "and no statistic: those are in the cards.", ""]  # fmt: skip
    options.output.write_text("\n".join([*head, *lines]) + "\n")


if __name__ == "__main__":
    main()
