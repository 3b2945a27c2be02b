"""A scan in an array file, reconstructed from Python, with the error and where the samples disagree.

python examples/reconstruct.py [scan.h5]
"""

import sys
import tempfile
from pathlib import Path

import h5py
import torch

import mridiff
from mridiff import open_scans
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft


def write_scan(path: Path) -> None:
    """Fully sampled k-space (coil, y, x) of a simulated head with its coil maps, as anyone may write it."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 56), indexing="ij")
    head = ((y / 0.85) ** 2 + (x / 0.7) ** 2 < 1) * (1 + 0.3 * torch.cos(8 * x) * torch.cos(6 * y))
    maps = simulate_maps(4, (64, 56), 0)
    with h5py.File(path, "w") as file:
        file["kspace"] = fft(maps * torch.polar(head, 0.5 * (x + y))).numpy()
        file["sensitivity_maps"] = maps.numpy()


def main() -> None:
    """Undersample three times, draw two samples, score them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1] if len(sys.argv) > 1 else f"{folder}/scan.h5")
        if len(sys.argv) < 2:
            write_scan(path)
        scan = open_scans(path, acceleration=3, noise_std=0.01)[0]
        result = mridiff.load("diffpir", samples=2, sampler={"options": {"steps": 12}})(scan)
    assert result.std is not None
    print(f"image {tuple(result.x.shape)} with axes {result.axes}, {result.cost.nfe} network evaluations")
    print("zero-filled:", {name: round(value, 3) for name, value in result.metrics["baseline"].items()})
    print("diffpir:    ", {name: round(value, 3) for name, value in result.metrics["x"].items()})
    print(f"samples differ by {float(result.std.mean() / result.x.abs().mean()):.1%} on average")


if __name__ == "__main__":
    main()
