"""Measure: dps-mri beside DPS and the classical methods on held-out heads: `python -m mridiff_dps_mri.measure --data FOLDER -o OUT`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mridiff import Registry
from mridiff_sdk.comparison import compare
from mridiff_sdk.held_out import held_out

METHODS = {
    "zero-filled": "{recipe: zero-filled}",
    "cg-sense": "{recipe: cg-sense}",
    "l1-wavelet": "{recipe: l1-wavelet}",
    "tv": "{recipe: tv}",
    "dps": "{recipe: dps, samples: SAMPLES, sampler: {options: {steps: STEPS}}}",
    "dps-mri": "{recipe: dps-mri, samples: SAMPLES, sampler: {options: {steps: STEPS}}}",
    "dps-mri-without-data": "{recipe: dps-mri, samples: SAMPLES, sampler: {options: {steps: STEPS, J: 0}}}",
}
"""What is compared, as YAML; STEPS and SAMPLES are filled in."""


def slices(data: Path, size: int, count: int) -> np.ndarray[Any, np.dtype[np.complex64]]:
    """Complex T2 slices (slice, y, x) of heads that no weights were trained on, evenly spread over the file."""
    return held_out(data, size, tuple(int(i) for i in np.linspace(3, 296, count))).numpy()


def measure(data: Path, out: Path, size: int, count: int, acceleration: float, steps: int, samples: int) -> dict[str, Any]:
    """Compares the methods on simulated eight-coil scans with noise of 0.01; returns the record, pictures and a page lie in `out`."""
    with tempfile.TemporaryDirectory() as folder:
        scans = Path(folder) / "heads.npz"
        np.savez(scans, image=slices(data, size, count))
        names = []
        for name, text in METHODS.items():
            path = Path(folder) / f"{name}.yaml"
            path.write_text(text.replace("STEPS", str(steps)).replace("SAMPLES", str(samples)))
            names.append(str(path))
        options = {"path": str(scans), "acceleration": acceleration, "noise_std": 0.01}
        return compare(names, Registry.discover(), {"dataset": {"use": "arrays", "options": options}}, out)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("-R", type=float, nargs="+", default=[4.0, 6.0])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--samples", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for acceleration in options.R:
        out = options.out / f"R{acceleration:g}"
        record = measure(options.data, out, options.size, options.count, acceleration, options.steps, options.samples)
        print(f"R = {acceleration:g}")  # noqa: T201
        for name, found in record["mean"].items():
            print(f"{name:22}", {k: round(v, 3) for part in ("metrics", "cost") for k, v in found[part].items()})  # noqa: T201


if __name__ == "__main__":
    main()
