"""Measure: the table of the card, on heads that were kept out of training; `python -m mridiff_kspace_cold_diffusion.measure`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from mridiff.interfaces import Field, Gaussian, LinearOperator, Measured, Prior, Problem, Sampler, Streams
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_samplers.cg_sense import CGSense
from mridiff_samplers.tv import TotalVariation
from mridiff_samplers.wavelet import L1Wavelet
from mridiff_sdk.adaptors import adapt
from mridiff_sdk.fourier import fft
from mridiff_sdk.held_out import held_out, measured
from mridiff_sdk.metrics import outer_nmse, psnr, ssim

from .validation import SLICES, masks

STD = 0.005
"""Noise per complex sample, relative to the 99th percentile of the magnitude of the image."""


def single_coil(x0: Tensor, mask: Tensor) -> tuple[Problem, Tensor]:
    """The measurement of images (sample, y, x), all at once, and the images in its units: zero-filled images peak at 1."""
    A = FourierOperator(mask.float())
    y = A(x0)
    y = y + STD * mask * Streams.of(0, "measure", len(x0)).normal_like(y)
    scale = A.H(y).abs().flatten(1).amax(1)[:, None, None]
    return Problem.of(A, Measured(y / scale, Gaussian(STD), {"mask": Field(mask.float(), ("ky", "kx"))})), x0 / scale


def coil_wise(x0: Tensor, maps: Tensor, mask: Tensor, A: type[CoilFourierOperator] | type[SenseOperator]) -> tuple[Problem, Tensor]:
    """The measurement of one image (1, y, x) by coils with maps (coil, y, x), and the image in its units."""
    operator: LinearOperator = A(maps[None], mask.float())
    y = mask[:, None] * (fft(maps * x0[:, None]) + STD * Streams.of(0, "measure").normal(maps.shape))
    scale = float(operator.H(y).abs().max())
    fields = {"mask": Field(mask.float(), ("ky", "kx")), "sensitivity_maps": Field(maps[None], ("coil", "y", "x"))}
    return Problem.of(operator, Measured(y, Gaussian(STD), fields), scale), x0 / scale


def scores(x: Tensor, x0: Tensor) -> str:
    """PSNR in dB, SSIM and the error of the outer half of k-space, means over images."""
    return f"{float(psnr(x, x0).mean()):.2f} / {float(ssim(x, x0).mean()):.3f} / {float(outer_nmse(x, x0).mean()):.2f}"


def deviation(problem: Problem, x: Tensor) -> float:
    """Largest deviation from measured samples, relative to the largest of them."""
    y = cast("Tensor", problem.y)
    return float((problem.linear(x) - y).abs().max() / y.abs().max())


def methods(problem: Problem, prior: Prior, rng: Streams) -> dict[str, Tensor]:
    """What each method makes of a problem, in its scored space."""
    from .sampler import ColdKspace

    look = problem.operator.image
    made = {"zero-filled": look(problem.linear.H(problem.y))}
    variants = {"step-down": ColdKspace(prior), "naive": ColdKspace(prior, rule="naive", hard=False)}
    if "coil" in problem.space.axes:
        variants["combined"] = ColdKspace(prior, coils="combined")
    for name, sampler in variants.items():
        *_, last = sampler.trajectory(problem, rng)
        made[name] = look(last.x0)
        if name != "naive":
            made[f"{name}, one call"] = last.outputs["direct"].data / problem.scale
    return made


def classical(problem: Problem, samplers: Mapping[str, Sampler]) -> dict[str, Tensor]:
    """The same of baselines that know no training data, at their defaults."""
    y = cast("Tensor", problem.y)
    return {name: sampler(problem, Streams.of(0, "measure", len(y))) for name, sampler in samplers.items()}


def quality(data: Path, prior: Prior) -> list[str]:
    """PSNR / SSIM / outer error of all methods in all cases."""
    names = ["zero-filled", "CG-SENSE", "l1-wavelet", "TV", "naive", "step-down, one call", "step-down", "combined, one call", "combined"]
    lines = ["| case | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    found: list[tuple[str, Tensor, dict[str, Tensor]]] = []
    for n, pattern, R in ((64, "random", 4), (128, "random", 4), (128, "random", 8), (128, "patches", 4), (128, "gaussian-2d", 4)):
        problem, x0 = single_coil(held_out(data, n, SLICES), masks(pattern, (n, n), R, len(SLICES)))
        made = methods(problem, prior, Streams.of(0, "measure", len(x0)))
        made |= classical(problem, {"TV": TotalVariation(), "l1-wavelet": L1Wavelet()}) if pattern == "random" else {}
        found.append((f"{n} px, one coil, {pattern}, R = {R}", x0, made))
    x0, maps = measured(data)
    for R in (4, 8):
        mask = masks("random", (x0.shape[-2], x0.shape[-1]), R, 1)
        problem, truth = coil_wise(x0, maps, mask, CoilFourierOperator)
        made = methods(problem, adapt(prior, problem.space), Streams.of(0, "measure"))
        sense, other = coil_wise(x0, maps, mask, SenseOperator)
        made |= classical(sense, {"CG-SENSE": CGSense(), "TV": TotalVariation(), "l1-wavelet": L1Wavelet()})
        ratio = float(truth.abs().max() / other.abs().max())
        made |= {name: made[name] * ratio for name in ("CG-SENSE", "TV", "l1-wavelet")}
        found.append((f"measured head, eight coils, R = {R}", truth, made))
    for case, truth, made in found:
        lines.append(f"| {case} | " + " | ".join(scores(made[n], truth) if n in made else "" for n in names) + " |")
    return lines


def details(data: Path, prior: Callable[..., Prior]) -> list[str]:
    """Steps, orders, the spread over orders, kept data, a faulty restorer, and time; 128 pixels, R = 4, one coil."""
    from .sampler import ColdKspace

    problem, x0 = single_coil(held_out(data, 128, SLICES), masks("random", (128, 128), 4, len(SLICES)))
    rng = Streams.of(0, "measure", len(x0))
    lines = ["| what | value |", "|---|---|"]
    for steps in (1, 5, 20):
        started = time.perf_counter()
        x = ColdKspace(prior(), steps=steps)(problem, rng)
        seconds = (time.perf_counter() - started) / len(x0)
        lines.append(f"| {steps} steps | {scores(x, x0)}, {seconds:.2f} s per image |")
    for order in ("centre_out", "edge_in"):
        lines.append(f"| order {order}, 20 steps | {scores(ColdKspace(prior(order=order))(problem, rng), x0)} |")
    draws = torch.stack([ColdKspace(prior())(problem, Streams.of(s, "measure", len(x0))) for s in range(5)])
    spread = float(torch.linalg.vector_norm(draws.std(0)) / torch.linalg.vector_norm(x0 - draws.mean(0)))
    lines.append(f"| mean of 5 orders | {scores(draws.mean(0), x0)} |")
    lines.append(f"| spread over 5 orders, relative to the error of their mean | {spread:.2f} |")
    for rule in ("step-down", "naive"):
        plain, faulty = (ColdKspace(p, rule=rule, hard=False)(problem, rng) for p in (prior(), Faulty(prior())))
        lost = float((psnr(plain, x0) - psnr(faulty, x0)).mean())
        lines.append(f"| {rule}: deviation from measured samples | {deviation(problem, plain):.0e} |")
        lines.append(f"| {rule}: loss by a restorer with a 5 % smooth fault | {lost:.2f} dB |")
    return lines


class Faulty(Prior):
    """A restorer with a smooth error: 5 % of the largest magnitude, in the middle of the image."""

    def __init__(self, prior: Prior) -> None:
        super().__init__()
        self.prior, self.space, self.diffusion, self.scaling = prior, prior.space, prior.diffusion, prior.scaling

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The estimate, and the error."""
        x0: Tensor = self.prior(x_t, t, conditions)
        y, x = (torch.exp(-(torch.linspace(-3, 3, n) ** 2)) for n in x0.shape[-2:])
        return x0 + 0.05 * x0.abs().amax((-2, -1), keepdim=True) * y[:, None] * x


def main() -> None:
    """Command line."""
    from .prior import KspaceRestorer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("MRIDIFF_DATA"), help="data folder (default: MRIDIFF_DATA)")
    parser.add_argument("--weights", default="brain", help="name or file of the restorer's weights")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data FOLDER, or set MRIDIFF_DATA")
    torch.set_num_threads(options.threads)
    with torch.no_grad():
        lines = [*quality(Path(options.data), KspaceRestorer(options.weights)), "",
                 *details(Path(options.data), lambda **given: KspaceRestorer(options.weights, **given))]  # fmt: skip
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
