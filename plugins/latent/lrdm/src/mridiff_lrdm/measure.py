"""Measure: the tables of the card, on heads that were kept out of training; `python -m mridiff_lrdm.measure --data FOLDER`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from mridiff import load, load_dataset
from mridiff.interfaces import Field, Gaussian, LinearOperator, Measured, Prior, Problem, Sampler, Streams
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_priors.denoiser import Denoiser
from mridiff_samplers.cg_sense import CGSense
from mridiff_samplers.diffpir import DiffPIR
from mridiff_samplers.few_steps import FewSteps
from mridiff_samplers.tv import TotalVariation
from mridiff_sdk.consistency import replacement
from mridiff_sdk.fourier import fft
from mridiff_sdk.held_out import held_out, measured
from mridiff_sdk.metrics import outer_nmse, psnr, ssim
from mridiff_sdk.reverse import Reverse

from .prior import HighFrequencyPrior, KspacePrior, LatentPrior
from .sampler import LatentRefine
from .seen import CENTRE
from .validation import SLICES, masks

STD = 0.005
"""Noise per complex sample, relative to the 99th percentile of the magnitude of the image."""
SEEDS = 5
TABLES = ("quality", "details", "embedded")
COMPARED = 100
"""Steps of the pixel-space sampler."""


def single_coil(x0: Tensor, pattern: str, acceleration: float = 4.0) -> tuple[Problem, Tensor]:
    """The measurement of images (sample, y, x), and the images in its units: the 99th percentile of zero-filled images is 1."""
    mask = masks(pattern, (x0.shape[-2], x0.shape[-1]), acceleration, len(x0))
    A = FourierOperator(mask)
    y = A(x0) + STD * mask * Streams.of(0, "measure", len(x0)).normal_like(x0)
    scale = A.H(y).abs().flatten(1).quantile(0.99, dim=1)[:, None, None]
    return Problem.of(A, Measured(y / scale, Gaussian(STD), {"mask": Field(mask, ("ky", "kx"))})), x0 / scale


def coil_wise(x0: Tensor, maps: Tensor, pattern: str, kind: type[CoilFourierOperator] | type[SenseOperator]) -> tuple[Problem, Tensor]:
    """The measurement of one image (1, y, x) by coils with maps (coil, y, x) at R = 4, and the image in its units."""
    mask = masks(pattern, (x0.shape[-2], x0.shape[-1]), 4.0, 1)
    A: LinearOperator = kind(maps[None], mask)
    y = mask[:, None] * (fft(maps * x0[:, None]) + STD * Streams.of(0, "measure").normal(maps.shape))
    scale = float(A.H(y).abs().quantile(0.99))
    fields = {"mask": Field(mask, ("ky", "kx")), "sensitivity_maps": Field(maps[None], ("coil", "y", "x"))}
    return Problem.of(A, Measured(y, Gaussian(STD), fields), scale), x0 / scale


def scores(x: Tensor, x0: Tensor) -> str:
    """PSNR in dB, SSIM and the error of k-space outside of the centre, means over images."""
    outside = outer_nmse(x, x0, share=2 * CENTRE)
    return f"{float(psnr(x, x0).mean()):.2f} / {float(ssim(x, x0).mean()):.3f} / {float(outside.mean()):.3f}"


def run(sampler: Sampler, problem: Problem, seed: int = 0) -> Tensor:
    """The result in the scored space."""
    return problem.operator.image(sampler(problem, Streams.of(seed, "measure", len(cast("Tensor", problem.y)))))


def samplers(priors: tuple[Prior, Prior]) -> dict[str, Sampler]:
    """The method, with and without what refines it."""
    return {"first prior alone": LatentRefine(*priors, combine="latent"), "swap": LatentRefine(*priors, combine="swap"),
            "lrdm": LatentRefine(*priors)}  # fmt: skip


def quality(data: Path, priors: tuple[Prior, Prior]) -> Iterator[str]:
    """PSNR / SSIM / outer error of all methods in all cases."""
    names = ["zero-filled", "CG-SENSE", "TV", f"diffpir, {COMPARED} steps", *samplers(priors)]
    yield from ("| case | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|")
    pixels = DiffPIR(Denoiser("brain-small"), steps=COMPARED)
    for n, pattern, R in ((128, "poisson", 4), (128, "gaussian-2d", 4), (128, "random", 4), (128, "poisson", 6), (64, "poisson", 4)):
        problem, x0 = single_coil(held_out(data, n, SLICES), pattern, R)
        made = {"zero-filled": problem.linear.H(problem.y), "TV": run(TotalVariation(), problem)}
        made |= {names[3]: run(pixels, problem)} if (n, pattern, R) == (128, "poisson", 4) else {}
        made |= {name: run(sampler, problem) for name, sampler in samplers(priors).items()}
        yield line(f"{n} px, one coil, {pattern}, R = {R}", [scores(made[m], x0) if m in made else "" for m in names])
    x0, maps = measured(data)
    for pattern in ("poisson", "random"):
        problem, truth = coil_wise(x0, maps, pattern, CoilFourierOperator)
        sense, other = coil_wise(x0, maps, pattern, SenseOperator)
        ratio = float(truth.abs().max() / other.abs().max())
        made = {"zero-filled": problem.operator.image(problem.linear.H(problem.y)),
                "CG-SENSE": ratio * run(CGSense(), sense), "TV": ratio * run(TotalVariation(), sense)}  # fmt: skip
        made |= {name: run(sampler, problem) for name, sampler in samplers(priors).items()}
        yield line(f"measured head, eight coils, {pattern}, R = 4", [scores(made[m], truth) if m in made else "" for m in names])


def line(*cells: str | list[str]) -> str:
    """A row of a table."""
    flat = [c for cell in cells for c in (cell if isinstance(cell, list) else [cell])]
    return "| " + " | ".join(flat) + " |"


def codes(problem: Problem, x0: Tensor, priors: tuple[KspacePrior, KspacePrior]) -> dict[str, Tensor]:
    """The method's images where codes come from the truth, from the chain, from the chain of another image, or are zero."""
    sampler, rng = LatentRefine(*priors), Streams.of(0, "measure", len(x0))
    made: dict[str, list[Tensor]] = {}
    for prior in priors:
        chain = Reverse(prior, problem, rng)
        drawn = sampler.code(chain)
        for name, z in {"teacher's (sees the truth)": chain.encode(x0), "drawn by the chain": drawn,
                        "drawn for another image": drawn.roll(1, 0), "zero": torch.zeros_like(drawn)}.items():  # fmt: skip
            made.setdefault(name, []).append(chain.decode(z))
    return {name: replacement(problem, sampler.combined(*pair)) for name, pair in made.items()}


def details(data: Path, priors: tuple[KspacePrior, KspacePrior], build: Callable[[int], tuple[Prior, Prior]]) -> Iterator[str]:
    """Codes, steps, seeds, kept data, another sampler, and time; 128 pixels, Poisson discs, R = 4, one coil."""
    problem, x0 = single_coil(held_out(data, 128, SLICES), "poisson")
    y = cast("Tensor", problem.y)
    yield from ("| what | value |", "|---|---|")
    for name, x in codes(problem, x0, priors).items():
        yield line(f"code {name}", scores(x, x0))
    for steps, levels in ((1, 4), (2, 4), (4, 4), (8, 8)):
        yield line(f"{steps} steps of a chain of {levels} levels", scores(run(LatentRefine(*build(levels), steps=steps), problem), x0))
    found = torch.stack([run(LatentRefine(*priors), problem, seed) for seed in range(SEEDS)])
    spread = torch.stack([psnr(x, x0) for x in found]).std(0)
    yield line(f"standard deviation of the PSNR over {SEEDS} seeds: mean, largest", f"{spread.mean():.4f}, {spread.max():.4f} dB")
    kept = (problem.linear(found[0]) - y).abs().max() / y.abs().max()
    yield line("deviation from measured samples, relative to the largest", f"{float(kept):.0e}")
    yield line("first prior under `few-steps`, data put back and encoded anew in every step", scores(run(FewSteps(priors[0]), problem), x0))
    yield from times(data, priors)


def times(data: Path, priors: tuple[KspacePrior, KspacePrior]) -> Iterator[str]:
    """Seconds for one slice, after a run that warms up, and parameters, beside those of a sampler in pixels with two networks."""
    problem, _ = single_coil(held_out(data, 128, SLICES[:1]), "poisson")
    rows: dict[str, tuple[Sampler, tuple[Prior, ...]]] = {"lrdm": (LatentRefine(*priors), priors)}
    for weights in ("brain-small", "brain"):
        denoiser = Denoiser(weights)
        rows[f"diffpir with {weights}, {COMPARED} steps"] = DiffPIR(denoiser, steps=COMPARED), (denoiser,)
    for name, (sampler, nets) in rows.items():
        run(sampler, problem)
        started = time.perf_counter()
        run(sampler, problem)
        seconds = time.perf_counter() - started
        parameters = " + ".join(f"{sum(p.numel() for p in net.parameters()) / 1e6:.2f}" for net in nets)
        yield line(f"{name}: one slice of 128 pixels", f"{seconds:.2f} s, {parameters} M parameters")


def embedded() -> Iterator[str]:
    """The recipe on its scan, and on the same scan with random lines."""
    yield from ("| embedded scan | zero-filled | lrdm | seconds | calls | memory |", "|---" * 6 + "|")
    for pattern in ("poisson", "random"):
        method = load("lrdm", dataset={"options": {"pattern": pattern}})
        found = method(load_dataset(method.plan)[0])
        cells = [f"{found.metrics[m]['psnr']:.2f} / {found.metrics[m]['ssim']:.3f}" for m in ("baseline", "x")]
        yield line(pattern, cells, f"{found.cost.seconds:.1f}", f"{found.cost.nfe:.0f}", f"{found.cost.peak_memory_mb:.0f} MB")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("MRIDIFF_DATA"), help="data folder (default: MRIDIFF_DATA)")
    parser.add_argument("--latent", default="latent", help="name or file of the first prior's weights")
    parser.add_argument("--high", default="high", help="name or file of the second prior's weights")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES, help="which tables (default: all)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data FOLDER, or set MRIDIFF_DATA")
    torch.set_num_threads(options.threads)
    data = Path(options.data)

    def build(levels: int = 4) -> tuple[KspacePrior, KspacePrior]:
        return LatentPrior(options.latent, levels), HighFrequencyPrior(options.high, levels)

    with torch.no_grad():
        made = {"quality": lambda: quality(data, build()), "details": lambda: details(data, build(), build), "embedded": embedded}
        for table in options.tables:
            for row in made[table]():
                sys.stdout.write(row + "\n")
                sys.stdout.flush()
            sys.stdout.write("\n")


if __name__ == "__main__":
    main()
