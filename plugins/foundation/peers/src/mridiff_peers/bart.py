"""BART: its reconstruction `pics`, run as a program of its own, with its conventions and its files."""

from __future__ import annotations

import math
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from annotated_types import Ge
from torch import Tensor

from mridiff.errors import DataError, MissingPackage
from mridiff.interfaces import Problem, Sampler, Step, Streams

__all__ = ["BartPics"]

PLACES = {"y": 0, "x": 1, "z": 2, "coil": 3, "t": 10}
"""Which of BART's sixteen dimensions an axis is; an axis of k-space is that of its image axis."""
FLAGS = {"wavelet": "W", "tv": "T", "l2": "Q"}


class BartPics(Sampler):
    """`bart pics -S -e -R ...`: argmin_x 1/2 |A x - y|^2 + weight R(x) as BART solves it, on y scaled as BART scales it.

    A is Cartesian sampling by coils, y_c = M F S_c x, of a plane, a volume or a series. R is the l1 norm of wavelet coefficients (FISTA
    with random shifts), total variation over all axes (ADMM), or the l2 norm (conjugate gradients). BART computes in single precision.
    Raises MissingPackage where there is no program `bart`, DataError where it fails, and for another A.
    Source: Uecker et al., Berkeley advanced reconstruction toolbox, Proc. ISMRM 23:2486, 2015.
    """

    def __init__(self, *, regularisation: Annotated[Literal["wavelet", "tv", "l2"], "what R is"] = "wavelet",
                 weight: Annotated[float, Ge(0), "of R, relative to the scale that pics finds"] = 0.002,
                 iterations: Annotated[int, Ge(1), "iterations at most"] = 100) -> None:  # fmt: skip
        super().__init__()
        self.regularisation, self.weight, self.iterations = regularisation, weight, iterations

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step: what the program returns."""
        axes, y, maps, mask = parts(problem)
        space = tuple(a for a in axes if a != "t")
        over = sum(2 ** PLACES[a] for a in (axes if self.regularisation == "tv" else space))
        kind = FLAGS[self.regularisation]
        what = f"{kind}:{self.weight:g}" if kind == "Q" else f"{kind}:{over}:0:{self.weight:g}"
        words = ["-S", "-e", "-i", self.iterations, "-R", what]
        made = []
        for i in range(len(y)):
            seen = {"y": (y[i], ("coil", *axes)), "maps": (maps[i % len(maps)], ("coil", *space)), "mask": (mask[i % len(mask)], axes)}
            made.append(pics(words, seen, axes))
        x = torch.stack(made).to(device=y.device, dtype=y.dtype)
        yield Step(0, 1, x.expand(len(rng), *x.shape[1:]))


def parts(problem: Problem) -> tuple[tuple[str, ...], Tensor, Tensor, Tensor]:
    """The axes of the unknown, y (sample, coil, *axes), maps (1 or sample, coil, *space), mask (1 or sample, *axes); raises DataError."""
    axes, places, y = problem.space.axes, problem.linear.codomain, problem.y
    grid = tuple(a if a == "t" else f"k{a}" for a in axes)
    known = not isinstance(places, tuple) and places.axes in {grid, ("coil", *grid)} and set(axes) <= PLACES.keys() - {"coil"}
    if not known or not isinstance(y, Tensor):
        raise DataError("bart-pics is for Cartesian sampling of an image, a volume or a series; "
                        f"this operator leads from {problem.space} to {places}",
                        hint="Choose the operator fourier or sense, or cg-sense in place of it.")  # fmt: skip
    single = len(places.axes) == len(axes)  # type: ignore[union-attr]
    y = turned(y[:, None] if single else y, axes)
    ones = torch.ones((), dtype=y.dtype)
    size = tuple(n for a, n in zip(axes, problem.space.shape, strict=True) if a != "t")
    maps = ones.expand(1, 1, *size) if single else problem.acquisition["sensitivity_maps"].data
    mask = problem.acquisition["mask"].data if "mask" in problem.acquisition else ones.expand(1, *problem.space.shape)
    return axes, y, maps, mask.expand(len(mask), *problem.space.shape)


def turned(y: Tensor, axes: Sequence[str]) -> Tensor:
    """y (sample, coil, *axes) by what `pics` turns it too much: exp(-4 pi i (j - c / 2) c / n), c = n // 2, along each axis of space.

    A centred transform is M F M with the diagonal M of half these phases, and M^-1 y = F (M S) x. `pics` (0.8) multiplies y by M instead:
    of no consequence where 4 divides n, a sign where 2 does, another image for odd n.
    """
    for dim, (axis, n) in enumerate(zip(axes, y.shape[2:], strict=True), start=2):
        if axis != "t":
            c = n // 2
            phase = -4 * math.pi * (torch.arange(n, dtype=torch.float64) - c / 2) * c / n
            turn = torch.polar(torch.ones_like(phase), phase).to(device=y.device, dtype=y.dtype)
            y = y * turn.reshape(-1, *(1,) * (y.ndim - 1 - dim))
    return y


def pics(words: Sequence[object], arrays: dict[str, tuple[Tensor, tuple[str, ...]]], axes: tuple[str, ...]) -> Tensor:
    """The image, complex (*axes), that `bart pics WORDS -p mask y maps x` makes of these arrays, each given with its axes."""
    with tempfile.TemporaryDirectory(prefix="bart-") as folder:
        for name, (data, names) in arrays.items():
            write(Path(folder, name), data, names)
        command = ["bart", "pics", *map(str, words), "-p", "mask", "y", "maps", "x"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise MissingPackage("bart-pics needs the program bart, which is not on the path", hint="apt install bart") from error
        if done.returncode:
            raise DataError(f"{' '.join(command)} failed: {(done.stderr or done.stdout).strip()[-300:]}")
        return read(Path(folder, "x"), axes)


def write(path: Path, data: Tensor, axes: Sequence[str]) -> None:
    """The pair of files .hdr and .cfl that BART reads, of a tensor with these axes: sizes in BART's order, the first running fastest."""
    order = sorted(range(len(axes)), key=lambda i: PLACES[axes[i]])
    sizes = [1] * 16
    for a, n in zip(axes, data.shape, strict=True):
        sizes[PLACES[a]] = n
    path.with_suffix(".hdr").write_text(f"# Dimensions\n{' '.join(map(str, sizes))}\n")
    path.with_suffix(".cfl").write_bytes(data.detach().cpu().numpy().transpose(order).astype(np.complex64).tobytes(order="F"))


def read(path: Path, axes: Sequence[str]) -> Tensor:
    """The tensor, complex (*axes), in a pair of BART's files whose other dimensions are of one."""
    sizes = [int(n) for n in path.with_suffix(".hdr").read_text().splitlines()[1].split()]
    order = sorted(axes, key=PLACES.__getitem__)
    data = np.fromfile(path.with_suffix(".cfl"), np.complex64).reshape([sizes[PLACES[a]] for a in order], order="F")
    return torch.from_numpy(np.ascontiguousarray(data.transpose([order.index(a) for a in axes])))
