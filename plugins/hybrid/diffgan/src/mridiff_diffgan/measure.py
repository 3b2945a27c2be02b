"""Measure: `python -m mridiff_diffgan.measure --data FOLDER [--weights NAME=FILE ...]` prints the tables of the card."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from mridiff.interfaces import Field, Prior, Streams, spread
from mridiff_priors.denoiser import Denoiser
from mridiff_samplers.diffpir import DiffPIR
from mridiff_samplers.tv import TotalVariation
from mridiff_samplers.zero_filled import ZeroFilled
from mridiff_sdk.diffusions import VP
from mridiff_sdk.fourier import fft

from .prior import DiffGANGenerator
from .scans import Scans, scores

DRAWS = 8


class Gradual(Prior):
    """A denoiser on the generator's diffusion: the Gaussian reverse process that large steps are known to spoil."""

    def __init__(self, denoiser: Prior) -> None:
        super().__init__()
        self.denoiser, self.space, self.diffusion = denoiser, denoiser.space, VP()

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """E[x0 | x_t], (sample, y, x)."""
        d = self.diffusion
        return self.denoiser.denoise(x_t / spread(d.alpha(t), x_t), d.sigma(t) / d.alpha(t))


def draws(scans: Scans, prior: Prior) -> Tensor:
    """Several draws for every image, (draw, sample, y, x)."""
    return torch.stack([scans.reconstruct(prior, draw=i) for i in range(DRAWS)])


def averaged(scans: Scans, prior: Prior) -> Tensor:
    """The mean over these draws, (sample, y, x)."""
    return draws(scans, prior).mean(0)


def scatter(drawn: Tensor, scans: Scans) -> dict[str, float]:
    """Standard deviation over draws (draw, sample, y, x) per k-space number, where nothing was sampled and where it was; over pixels, its
    correlation with the error of the mean, and its root mean square relative to that of this error."""
    mask = scans.problem.linear.mask.bool().expand(scans.x.shape)  # type: ignore[operator]
    std, pixels = fft(drawn).std(dim=0), drawn.std(dim=0)
    error = (drawn.mean(0) - scans.x).abs()
    together = torch.corrcoef(torch.stack((error.flatten(), pixels.flatten())))[0, 1]
    return {"unsampled": float(std[~mask].mean()), "sampled": float(std[mask].mean()), "correlation with the error": float(together),
            "size relative to the error": float((pixels.square().mean() / error.square().mean()).sqrt())}  # fmt: skip


def rows(scans: Scans, others: Mapping[str, str]) -> Iterable[tuple[str, Callable[[], Tensor]]]:
    """Every method, by name."""
    prior, denoiser = DiffGANGenerator(), Denoiser()
    yield "zero-filled", partial(scans.run, ZeroFilled())
    yield "TV", partial(scans.run, TotalVariation(weight=0.002))
    yield "DDPM of the `denoiser`, 4 calls", partial(scans.reconstruct, Gradual(denoiser))
    yield "DiffPIR with the `denoiser`, 4 calls", partial(scans.run, DiffPIR(denoiser, steps=4))
    yield "**DiffGAN, 4 calls, one draw**", partial(scans.reconstruct, prior)
    yield f"DiffGAN, mean of {DRAWS} draws", partial(averaged, scans, prior)
    for steps in (1, 2, 8):
        yield f"DiffGAN, {steps} call{'s' * (steps > 1)}", partial(scans.reconstruct, prior, steps)
    yield "DiffGAN, 4 calls, no data step", partial(scans.reconstruct, prior, 4, 0.0)
    for name, path in others.items():
        ablated = DiffGANGenerator(path)
        yield f"{name}, one draw", partial(scans.reconstruct, ablated)
        yield f"{name}, mean of {DRAWS} draws", partial(averaged, scans, ablated)


def table(scans: Scans, others: Mapping[str, str]) -> str:
    """A markdown table of all rows with the seconds that each image took."""
    lines = ["| method | PSNR | SSIM | HFEN | sharpness | s per image |", "|---|---|---|---|---|---|"]
    for name, act in rows(scans, others):
        began = time.perf_counter()
        found = scores(act(), scans.x)
        seconds = (time.perf_counter() - began) / len(scans.x)
        figures = f"{found['psnr']:.2f} | {found['ssim']:.3f} | {found['hfen']:.3f} | {found['sharpness']:.3f} | {seconds:.2f}"
        lines.append(f"| {name} | {figures} |")
    return "\n".join(lines)


@torch.no_grad()
def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("MRIDIFF_DATA"), help="data folder (default: MRIDIFF_DATA)")
    parser.add_argument("--weights", nargs="*", default=[], metavar="NAME=FILE", help="weights of ablations, for rows of their own")
    parser.add_argument("--on", nargs="*", default=["64 px", "128 px", "measured head"], metavar="SET", help="images (default: all)")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data FOLDER, or set MRIDIFF_DATA")
    others = dict(item.split("=", 1) for item in options.weights)
    for name in options.on:
        scans = Scans.of(name, Path(options.data))
        sys.stdout.write(f"{name}, {len(scans.x)} images\n\n{table(scans, others)}\n\n")
        sys.stdout.write(f"scatter of the draws: {scatter(draws(scans, DiffGANGenerator()), scans)}\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
