"""The same three computations in other libraries. Each is imported when asked for, and none is required."""

from __future__ import annotations

import atexit
import importlib
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision_stand_in
from case import Case

Run = Callable[[], Any]


@dataclass(frozen=True)
class Peer:
    """A library's A^H A x, by its forward and adjoint and by its normal operator if it has one, and its CG-SENSE; each gives (y, x)."""

    version: str
    pair: Run
    normal: Run | None
    cg: Run


def deepinv(c: Case, iterations: int, l2: float) -> Peer:
    """MultiCoilMRI, with real and imaginary part as channels."""
    torchvision_stand_in.install()
    physics = importlib.import_module("deepinv.physics")
    solve = importlib.import_module("deepinv.optim.linear").conjugate_gradient
    ny, nx = c.x.shape
    A = physics.MultiCoilMRI(mask=c.mask, coil_maps=c.maps[None], img_size=(ny, nx))
    x = torch.view_as_real(c.x).permute(2, 0, 1)[None].contiguous()
    y = torch.view_as_real(c.y).permute(3, 0, 1, 2)[None].contiguous()

    def image(t: torch.Tensor) -> torch.Tensor:
        return torch.complex(t[0, 0], t[0, 1])

    return Peer(
        version("deepinv"),
        lambda: image(A.A_adjoint(A.A(x))),
        lambda: image(A.A_adjoint_A(x)),
        lambda: image(solve(lambda v: A.A_adjoint(A.A(v)) + l2 * v, A.A_adjoint(y), max_iter=iterations, tol=0)),
    )


def mrpro(c: Case, iterations: int, l2: float) -> Peer:
    """SensitivityOp and FastFourierOp."""
    torchvision_stand_in.install()
    operators = importlib.import_module("mrpro.operators")
    solve = importlib.import_module("mrpro.algorithms.optimizers").cg
    S, F = operators.SensitivityOp(c.maps[None, :, None]), operators.FastFourierOp(dim=(-2, -1))
    x, y = c.x[None, None, None], c.y[None, :, None]

    def normal(v: torch.Tensor) -> Any:
        return S.adjoint(F.adjoint(F(*S(v))[0] * c.mask)[0])[0]

    def cg() -> Any:
        b = S.adjoint(F.adjoint(y)[0])[0]
        found = solve(lambda v: (normal(v) + l2 * v,), b, max_iterations=iterations, tolerance=0)
        return found[0].reshape(c.x.shape)

    return Peer(version("mrpro"), lambda: normal(x).reshape(c.x.shape), None, cg)


def sigpy(c: Case, iterations: int, l2: float) -> Peer:
    """The Sense operator and the SenseRecon application, on arrays."""
    mri = importlib.import_module("sigpy.mri")
    maps, y, x, mask = (t.numpy() for t in (c.maps, c.y, c.x, c.mask))
    A = mri.linop.Sense(maps, weights=mask)
    app = mri.app.SenseRecon

    def cg() -> Any:
        return app(y, maps, weights=mask, lamda=l2, max_iter=iterations, tol=0, show_pbar=False).run()

    return Peer(version("sigpy"), lambda: A.H(A(x)), lambda: A.N(x), cg)


class Bart:
    """The program `bart`, called with files in a folder of its own."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="bart-")
        atexit.register(self.folder.cleanup)

    def __call__(self, *words: object) -> str:
        done = subprocess.run(["bart", *map(str, words)], cwd=self.folder.name, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def write(self, name: str, array: np.ndarray[Any, Any]) -> None:
        path = Path(self.folder.name, name)
        path.with_suffix(".hdr").write_text("# Dimensions\n" + " ".join(map(str, array.shape)) + "\n")
        array.astype(np.complex64).ravel(order="F").tofile(path.with_suffix(".cfl"))

    def read(self, name: str) -> np.ndarray[Any, Any]:
        path = Path(self.folder.name, name)
        sizes = [int(n) for n in path.with_suffix(".hdr").read_text().splitlines()[1].split()]
        return np.fromfile(path.with_suffix(".cfl"), np.complex64).reshape(sizes, order="F").squeeze()


def bart(c: Case, iterations: int, l2: float) -> Peer:
    """Five commands for a forward and adjoint, `pics` for CG-SENSE; starting the program and its files are part of the time."""
    run = Bart()
    found = run("version")
    for name, t in {"s": c.maps, "y": c.y}.items():
        run.write(name, t.numpy().transpose(1, 2, 0)[:, :, None])
    run.write("x", c.x.numpy()[:, :, None])
    run.write("m", c.mask.numpy()[:, :, None])

    def pair() -> Any:
        run("fmac", "x", "s", "a")
        run("fft", "-u", 3, "a", "b")
        run("fmac", "b", "m", "d")
        run("fft", "-u", "-i", 3, "d", "e")
        run("fmac", "-C", "-s", 8, "e", "s", "g")
        return run.read("g")

    def cg() -> Any:
        run("pics", "-S", "-l2", "-r", l2, "-i", iterations, "y", "s", "o")
        return run.read("o")

    return Peer(found, pair, None, cg)


PEERS: dict[str, Callable[[Case, int, float], Peer]] = {"deepinv": deepinv, "mrpro": mrpro, "sigpy": sigpy, "BART": bart}
