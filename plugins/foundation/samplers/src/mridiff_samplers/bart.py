"""BART, where the program is installed: its l1-wavelet reconstruction, as a row of a study."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Scan

WEIGHT, ITERATIONS = 0.002, 100
"""Of the l1 norm of wavelet coefficients, in the scale that `pics` finds itself, and steps of FISTA."""


def installed() -> bool:
    """Whether there is a program `bart`."""
    return shutil.which("bart") is not None


def l1_wavelet(scan: Scan, seed: int) -> Tensor:  # noqa: ARG001 - a row of a study is a function of scan and seed
    """The image (1, y, x) that `bart pics` makes of y and coil maps, both (1, coil, y, x); raises DataError where the program fails."""
    (maps,) = scan.measured.require("sensitivity_maps")
    y = scan.measured.y
    if not isinstance(y, Tensor) or y.ndim != 4:
        raise DataError(f"{scan.id}: BART takes samples (coil, ky, kx)")
    with tempfile.TemporaryDirectory(prefix="bart-") as folder:
        for name, data in (("y", y), ("maps", maps)):
            _write(Path(folder, name), data[0])
        words = ["pics", "-S", "-e", "-i", ITERATIONS, "-R", f"W:3:0:{WEIGHT:g}", "y", "maps", "x"]
        done = subprocess.run(["bart", *map(str, words)], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DataError(f"{scan.id}: bart pics failed: {done.stderr.strip()[-300:]}")
        x = torch.frombuffer(bytearray(Path(folder, "x.cfl").read_bytes()), dtype=torch.complex64)
        return x.reshape(y.shape[-1], y.shape[-2]).mT[None].contiguous()


def _write(path: Path, data: Tensor) -> None:
    """A pair of files as BART reads them, of (coil, y, x): the sizes y, x, 1, coil, and the numbers with y fastest."""
    coils, ny, nx = data.shape
    path.with_suffix(".hdr").write_text(f"# Dimensions\n{ny} {nx} 1 {coils}\n")
    path.with_suffix(".cfl").write_bytes(data.to(torch.complex64).mT.contiguous().numpy().tobytes())
