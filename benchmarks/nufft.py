"""Non-uniform transforms side by side: forward, adjoint and the normal operator of spokes, against FFTs alone and other libraries.

python benchmarks/nufft.py            writes benchmarks/results/nufft.md
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from command import write_page

SIZE, COILS, SPOKES = 256, 8, 200
Run = Callable[[], Any]
TITLES = {"forward": "Forward", "adjoint": "Adjoint", "normal": "Normal operator of SENSE"}


def bare() -> dict[str, dict[str, Run]]:
    """Transforms of all coils on the grid twice as large, coil by coil: two of them are what a convolution needs."""
    import torch

    z = torch.randn(COILS, 2 * SIZE, 2 * SIZE, dtype=torch.complex64)
    name = "bare FFTs on the doubled grid"
    return {"forward": {}, "adjoint": {}, "normal": {name: lambda: [torch.fft.ifft2(torch.fft.fft2(coil)) for coil in z]}}


def ours(c: dict[str, Any]) -> dict[str, Run]:
    """mridiff's transform of the coil images, and the normal operator with coil maps."""
    from mridiff_operators.noncartesian_sense import NonCartesianSense

    A = NonCartesianSense(c["maps"][None], c["k"][None])
    F = A.A
    return {"forward": lambda: F.forward(c["images"][None])[0], "adjoint": lambda: F.adjoint(c["y"][None])[0],
            "normal": lambda: A.normal(c["x"][None])[0]}  # fmt: skip


def sigpy(c: dict[str, Any]) -> dict[str, Run]:
    """Gridding with a Kaiser-Bessel kernel, and the forward and adjoint of `Sense`."""
    sp = importlib.import_module("sigpy")
    mri = importlib.import_module("sigpy.mri")
    k = c["k"].numpy()
    images, y, x, maps = (c[name].numpy() for name in ("images", "y", "x", "maps"))
    A = mri.linop.Sense(maps, coord=k)
    grid = {"oversamp": 1.25, "width": 4}
    return {"forward": lambda: sp.nufft(images, k, **grid), "adjoint": lambda: sp.nufft_adjoint(y, k, images.shape, **grid),
            "normal": lambda: A.H(A(x))}  # fmt: skip


def torchkbnufft(c: dict[str, Any]) -> dict[str, Run]:
    """Tables of a Kaiser-Bessel kernel, and its Toeplitz operator with maps."""
    import torch

    tkb = importlib.import_module("torchkbnufft")
    omega = (c["k"].reshape(-1, 2).mT * (2 * torch.pi / SIZE)).contiguous()
    F, H, T = tkb.KbNufft((SIZE, SIZE)), tkb.KbNufftAdjoint((SIZE, SIZE)), tkb.ToepNufft()
    kernel = tkb.calc_toeplitz_kernel(omega, (SIZE, SIZE), norm="ortho")
    images, y, x, maps = c["images"][None], c["y"].flatten(1)[None], c["x"][None, None], c["maps"][None]
    return {"forward": lambda: F(images, omega, norm="ortho")[0], "adjoint": lambda: H(y, omega, norm="ortho")[0],
            "normal": lambda: T(x, kernel, smaps=maps, norm="ortho")[0, 0]}  # fmt: skip


def mrpro(c: dict[str, Any]) -> dict[str, Run]:
    """NonUniformFastFourierOp, by finufft on the doubled grid, and its Toeplitz `gram` between SensitivityOp."""
    import torch
    import torchvision_stand_in

    torchvision_stand_in.install()
    operators, data = (importlib.import_module(f"mrpro.{name}") for name in ("operators", "data"))
    zero, k = torch.zeros(1, 1, 1, 1, 1), c["k"][None, None, None]
    grid = data.SpatialDimension(1, SIZE, SIZE)
    F = operators.NonUniformFastFourierOp(("y", "x"), grid, grid, data.KTrajectory(kz=zero, ky=k[..., 0], kx=k[..., 1]))
    S, gram = operators.SensitivityOp(c["maps"][None, :, None]), F.gram
    images, y, x = c["images"][None, :, None], c["y"][None, :, None], c["x"][None, None, None]
    return {"forward": lambda: F(images)[0], "adjoint": lambda: F.adjoint(y)[0], "normal": lambda: S.adjoint(*gram(*S(x)))[0]}


PEERS: dict[str, Callable[[dict[str, Any]], dict[str, Run]]] = {"sigpy": sigpy, "torchkbnufft": torchkbnufft, "mrpro": mrpro}


def acquisition() -> dict[str, Any]:
    """Image, maps and coil images, golden-angle spokes of twice as many samples as pixels, and random samples."""
    import torch
    from case import case

    from mridiff_sdk.sampling_patterns import radial

    c, rng = case(COILS, SIZE), torch.Generator().manual_seed(0)
    k = radial(SPOKES, 2 * SIZE, float(SIZE))[0]
    return {"x": c.x, "maps": c.maps, "images": c.maps * c.x, "k": k,
            "y": torch.randn(COILS, *k.shape[:-1], generator=rng, dtype=torch.complex64)}  # fmt: skip


def exact(c: dict[str, Any]) -> dict[str, Any]:
    """The same in double precision, to 13 digits."""
    import torch

    from mridiff_sdk.nufft import nufft, nufft_adjoint

    double = {name: t.to(torch.complex128) for name, t in c.items() if name != "k"}
    k, size = c["k"].double(), (SIZE, SIZE)
    back = nufft_adjoint(nufft(double["images"], k), k, size)
    return {"forward": nufft(double["images"], k), "adjoint": nufft_adjoint(double["y"], k, size),
            "normal": (double["maps"].conj() * back).sum(0)}  # fmt: skip


def report(options: argparse.Namespace) -> str:
    """The whole page."""
    import torch
    from sense import deviation
    from timing import interleaved

    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    load = os.getloadavg()[0]
    c = acquisition()
    runs, expected, skipped, versions = bare(), exact(c), [], [f"torch {version('torch')}", f"finufft {version('finufft')}"]
    for operation, run in ours(c).items():
        runs[operation]["mridiff"] = run
    for name, make in PEERS.items():
        try:
            made = make(c)
            for run in made.values():
                run()
        except Exception as error:  # what a peer lacks on this machine is a finding
            skipped.append(f"Skipped: {name}: {type(error).__name__}: {str(error).splitlines()[0][:160]}")
            continue
        versions.append(f"{name} {version(name)}")
        for operation, run in made.items():
            runs[operation][name] = run
    body = []
    for operation, title in TITLES.items():
        times = interleaved(runs[operation], options.rounds, options.seconds)
        own = times["mridiff"].cpu
        body += [f"## {title}", "", "| | best ms | median ms | CPU ms | CPU / mridiff | difference |", "|---|---|---|---|---|---|"]
        for name, t in times.items():
            off = "" if name.startswith("bare") else f"{deviation(runs[operation][name](), expected[operation]):.0e}"
            body.append(f"| {name} | {t.best:.1f} | {t.median:.1f} | {t.cpu:.1f} | {t.cpu / own:.2f} | {off} |")
        body.append("")
    head = [f"# {SPOKES} golden-angle spokes of {2 * SIZE} samples, {COILS} coils, {SIZE} x {SIZE}, complex64", "",
            f"{time.strftime('%Y-%m-%d')}, {options.threads} thread(s) of {os.cpu_count()} cores, load {load:.1f} at the start and "
            f"{os.getloadavg()[0]:.1f} at the end. {', '.join(versions)}, Python {platform.python_version()}.", "",
            "Interleaved rounds. Best and median by the wall clock; CPU is the best processor time, which other programs disturb least and",
            "from which the ratios are made. The difference is relative, after the best complex factor, to double precision; the adjoint",
            "is that of white noise, which has content at the edge of the image, where gridding is least exact.", ""]  # fmt: skip
    return "\n".join([*head, *body, *skipped]).rstrip() + "\n"


if __name__ == "__main__":
    write_page(__doc__, "nufft", report, 30)
