"""Series, volumes and coil maps side by side: forward and adjoint, normal operator, ESPIRiT, against bare FFTs and other libraries.

python benchmarks/volumes.py          writes benchmarks/results/volumes.md
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from command import write_page

COILS, FRAMES, SERIES, VOLUME, FLAT, CALIBRATION = 8, 16, (192, 192), (32, 128, 128), 256, 24
Run = Callable[[], Any]
TITLES = {"kt": f"k-t SENSE: {COILS} coils, {FRAMES} frames of {SERIES[0]} x {SERIES[1]}, lines of their own, R = 4",
          "3d": f"3-D SENSE: {COILS} coils, {' x '.join(map(str, VOLUME))}, two phase-encoding directions, R = 4",
          "maps": f"ESPIRiT: {COILS} coils, {FLAT} x {FLAT}, centre of {CALIBRATION} x {CALIBRATION}"}  # fmt: skip


@dataclass(frozen=True)
class Sampled:
    """x (*frames, *space), maps (coil, *space), mask (*frames, *k), of a series (t, y, x) or a volume (z, y, x)."""

    x: Any
    maps: Any
    mask: Any
    frames: int

    @property
    def dims(self) -> tuple[int, ...]:
        """Of the transform."""
        return tuple(range(1 - self.maps.ndim, 0))

    @property
    def over(self) -> Any:
        """The maps, shaped to multiply the image with a coil axis before its own."""
        return self.maps[:, None] if self.frames else self.maps

    @property
    def gram(self) -> Any:
        """A^H A x by definition."""
        from mridiff_sdk.fourier import fft, ifft

        return (self.over.conj() * ifft(self.mask * fft(self.over * self.x, self.dims), self.dims)).sum(0)


def sampled(size: tuple[int, ...], frames: int) -> Sampled:
    """Noise as image, smooth maps; interleaved lines of a series, random points (kz, ky) of a volume."""
    import torch

    from mridiff_sdk.coils import simulate_maps
    from mridiff_sdk.sampling_patterns import interleaved

    rng = torch.Generator().manual_seed(0)
    if frames:
        mask = interleaved((frames, *size), 4, 8).float()
    else:
        mask = (torch.rand(*size[:2], 1, generator=rng) < 0.25).float().expand(size).contiguous()
    x = torch.randn(*(frames,) * bool(frames), *size, generator=rng, dtype=torch.complex64)
    return Sampled(x, simulate_maps(COILS, size, 0), mask, frames)


def bare(c: Sampled) -> dict[str, Run]:
    """The transforms alone, coil by coil: those of forward and adjoint, and those along the axes on which the mask varies."""
    import torch

    z = (c.over * c.x).contiguous()

    def pair(dims: tuple[int, ...]) -> Run:
        return lambda: [torch.fft.ifftn(torch.fft.fftn(coil, dim=dims), dim=dims) for coil in z]

    return {"bare FFTs": pair(c.dims), "bare FFTs, where the mask varies": pair((-1,) if c.frames else (-3, -2))}


def ours(c: Sampled) -> dict[str, Run]:
    """`kt-sense` and `sense-3d`."""
    from mridiff_operators.sense import KtSense, Sense3D

    A, x = (KtSense if c.frames else Sense3D)(c.maps[None], c.mask[None]), c.x[None]
    return {"mridiff, forward and adjoint": lambda: A.H(A(x))[0], "mridiff, normal operator": lambda: A.gram(x)[0]}


def sigpy(c: Sampled) -> dict[str, Run]:
    """`Sense` of a volume, or one for every frame."""
    mri, maps = importlib.import_module("sigpy.mri"), c.maps.numpy()
    if not c.frames:
        A, x = mri.linop.Sense(maps, weights=c.mask.numpy()), c.x.numpy()
        return {"sigpy, normal operator": lambda: A.N(x)}
    each = [(mri.linop.Sense(maps, weights=m.numpy()), frame.numpy()) for m, frame in zip(c.mask, c.x, strict=True)]
    return {"sigpy, normal operator of every frame": lambda: [B.N(frame) for B, frame in each]}


def mrpro(c: Sampled) -> dict[str, Run]:
    """SensitivityOp and FastFourierOp, frames being others."""
    import torchvision_stand_in

    torchvision_stand_in.install()
    operators = importlib.import_module("mrpro.operators")
    S, F = operators.SensitivityOp((c.maps[:, None] if c.frames else c.maps)[None]), operators.FastFourierOp(dim=c.dims)
    x, mask = (c.x[:, None, None], c.mask[:, None, None]) if c.frames else (c.x[None, None], c.mask)
    return {"mrpro, forward and adjoint": lambda: S.adjoint(F.adjoint(F(*S(x))[0] * mask)[0])[0]}


def espirit() -> dict[str, Run]:
    """mridiff, sigpy, and BART, whose start and files are part of the time."""
    from case import case
    from peers import Bart

    from mridiff_sdk.coils import espirit_maps

    y = case(COILS, FLAT, calibration=CALIBRATION).y
    middle = slice((FLAT - CALIBRATION) // 2, (FLAT + CALIBRATION) // 2)
    region = (middle, middle)
    runs: dict[str, Run] = {"mridiff": lambda: espirit_maps(y[None], region)[0]}
    calibrate = importlib.import_module("sigpy.mri").app.EspiritCalib
    runs["sigpy"] = lambda: calibrate(y.numpy(), calib_width=CALIBRATION, crop=0, show_pbar=False).run()
    run = Bart()
    run("version")
    run.write("y", y.numpy().transpose(1, 2, 0)[:, :, None])

    def ecalib() -> Any:
        run("ecalib", "-m", 1, "-c", 0, "-r", CALIBRATION, "y", "s")
        return run.read("s").transpose(2, 0, 1)

    return {**runs, "BART": ecalib}


def alike(found: Any, expected: Any) -> float:
    """How far two sets of maps are apart where there is anything: the part of each voxel's vector that is not along the other's."""
    import numpy as np

    a, b = np.asarray(found), np.asarray(expected)
    along = np.abs((a.conj() * b).sum(0)) / np.maximum(np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0), 1e-12)
    return float(np.sqrt(np.median(np.maximum(1 - along**2, 0))))


def table(title: str, runs: dict[str, Run], difference: Callable[[str], str], options: argparse.Namespace) -> list[str]:
    """One markdown table; ratios are to the fastest way of mridiff."""
    from timing import interleaved

    times = interleaved(runs, options.rounds, options.seconds)
    own = min(t.cpu for name, t in times.items() if name.startswith("mridiff"))
    lines = [f"## {title}", "", "| | best ms | median ms | CPU ms | CPU / mridiff | difference |", "|---|---|---|---|---|---|"]
    lines += [f"| {n} | {t.best:.1f} | {t.median:.1f} | {t.cpu:.1f} | {t.cpu / own:.2f} | {difference(n)} |" for n, t in times.items()]
    return [*lines, ""]


def report(options: argparse.Namespace) -> str:
    """The whole page."""
    import numpy as np
    import torch
    from sense import deviation

    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    load, body = os.getloadavg()[0], []
    for name, c in (("kt", sampled(SERIES, FRAMES)), ("3d", sampled(VOLUME, 0))):
        runs, expected = bare(c) | ours(c) | sigpy(c) | mrpro(c), c.gram

        def off(n: str, runs: dict[str, Run] = runs, expected: Any = expected) -> str:
            return "" if n.startswith("bare") else f"{deviation(np.asarray(runs[n]()), expected):.0e}"

        body += table(TITLES[name], runs, off, options)
    runs = espirit()
    found = runs["mridiff"]()
    body += table(TITLES["maps"], runs, lambda n: f"{alike(runs[n](), found):.0e}", options)
    names = ", ".join(f"{name} {version(name)}" for name in ("torch", "sigpy", "mrpro"))
    return "\n".join(["# Series, volumes and coil maps, complex64", "",
        f"{time.strftime('%Y-%m-%d')}, {options.threads} thread(s) of {os.cpu_count()} cores, load {load:.1f} at the start and "
        f"{os.getloadavg()[0]:.1f} at the end. {names}, Python {platform.python_version()}.", "",
        "Interleaved rounds. Best and median by the wall clock; CPU is the best processor time, which other programs disturb least and",
        "from which the ratios are made, to the faster way of mridiff. The difference is relative, to the definition of A^H A x after the",
        "best complex factor; of coil maps it is the sine of the angle to those of mridiff, the median over the voxels.", "",
        *body]).rstrip() + "\n"  # fmt: skip


if __name__ == "__main__":
    write_page(__doc__, "volumes", report, 20)
