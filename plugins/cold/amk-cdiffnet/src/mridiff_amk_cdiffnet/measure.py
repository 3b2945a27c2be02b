"""Measure: the table of the card, on heads that were kept out of training; `python -m mridiff_amk_cdiffnet.measure`."""

from __future__ import annotations

import argparse
import copy
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from mridiff.interfaces import Field, Prior, Streams
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_samplers.cg_sense import CGSense
from mridiff_samplers.tv import TotalVariation
from mridiff_sdk.codecs import bands
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.held_out import held_out, measured
from mridiff_sdk.metrics import edge_score, nmse, outer_nmse, psnr, ssim

from .block import AMKBlock
from .net import AMKNet
from .prior import AMKRestorer
from .sampler import AMKCold
from .trial import FEW, MANY, Trial, masks, trials
from .virtual import compress, compression

MAIN = "64 px, four coils, random, R = 4"
METRICS: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], str]] = {
    "PSNR": (psnr, ".2f"), "SSIM": (ssim, ".3f"), "NMSE": (nmse, ".4f"), "outer error": (outer_nmse, ".3f"),
    "edge score": (edge_score, ".3f"),
}  # fmt: skip


def others(data: Path) -> dict[str, Trial]:
    """What training has not seen: a larger matrix, and a head measured with eight coils."""
    large, (head, maps) = held_out(data, 128, FEW[:4]), measured(data)
    shape = (head.shape[-2], head.shape[-1])
    wide = Trial.of(large, simulate_maps(4, (128, 128), 99), masks("random", (128, 128), 4, len(large)))
    heads = {f"measured head, eight coils, random, R = {R}": Trial.of(head, maps, masks("random", shape, R, 1)) for R in (4, 8)}
    return {"128 px, four coils, random, R = 4": wide} | heads


def reconstruct(trial: Trial, prior: Prior, **options: Any) -> Tensor:
    """The combined images of the method."""
    problem = trial.problem(CoilFourierOperator)
    return trial.combined(AMKCold(prior, **options)(problem, Streams.of(0, "measure", len(trial.truth))))


def scores(x: Tensor, truth: Tensor) -> str:
    """Means over images of all metrics, as cells of a table."""
    return " | ".join(f"{float(metric(x, truth).mean()):{form}}" for metric, form in METRICS.values())


def quality(cases: Mapping[str, Trial], prior: Prior) -> list[str]:
    """Baselines and the method in all cases."""
    lines = [f"| case (images) | method | {' | '.join(METRICS)} |", "|---" * (len(METRICS) + 2) + "|"]
    for case, trial in cases.items():
        problem, rng = trial.problem(SenseOperator), Streams.of(0, "measure", len(trial.truth))
        made = {"zero-filled": trial.combined(ifft(trial.y)), "CG-SENSE": CGSense()(problem, rng), "TV": TotalVariation()(problem, rng),
                "completion alone": reconstruct(trial, silent(prior)), "this method": reconstruct(trial, prior)}  # fmt: skip
        lines += [f"| {case} ({len(trial.truth)}) | {method} | {scores(x, trial.truth)} |" for method, x in made.items()]
    return lines


def ablations(trial: Trial, priors: Mapping[str, Prior]) -> list[str]:
    """Networks trained alike, in five steps, and paired tests of the first against each other one."""
    from scipy.stats import wilcoxon

    made = {name: reconstruct(trial, prior, steps=5) for name, prior in priors.items()}
    lines = [f"| trained alike, 5 steps | {' | '.join(METRICS)} |", "|---" * (len(METRICS) + 1) + "|"]
    lines += [f"| {name} | {scores(x, trial.truth)} |" for name, x in made.items()]
    first, *rest = made
    lines += ["", f"| {first} less | PSNR | outer error | edge score |", "|---|---|---|---|"]
    for name in rest:
        cells = []
        for metric in (psnr, outer_nmse, edge_score):
            d = metric(made[first], trial.truth) - metric(made[name], trial.truth)
            cells.append(f"{float(d.mean()):+.4f}, p = {float(cast('Any', wilcoxon(d.numpy())).pvalue):.1e}")
        lines.append(f"| {name} ({len(trial.truth)} pairs) | {' | '.join(cells)} |")
    return lines


class Noisy(Prior):
    """A restorer whose every prediction carries 5 % of noise."""

    def __init__(self, prior: Prior) -> None:
        super().__init__()
        self.prior, self.space, self.diffusion, self.scaling, self.codec = prior, prior.space, prior.diffusion, prior.scaling, prior.codec

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The estimate and white noise of 5 % of its magnitude at each place."""
        assert rng is not None
        k: Tensor = self.prior(x_t, t, conditions)
        return k * (1 + 0.05 * rng.child(f"fault {t}").normal_like(k))


def details(trial: Trial, prior: AMKRestorer, weights: str) -> list[str]:
    """Steps, schedule, choices of branches taken away, blending under faults, kept data, errors per ring over the run."""
    lines = [f"| variant | {' | '.join(METRICS)} |", "|---" * (len(METRICS) + 1) + "|"]
    uniform = AMKRestorer(weights, schedule="uniform")
    variants: dict[str, tuple[Prior, dict[str, Any]]] = {f"{n} step{'s' * (n > 1)}": (prior, {"steps": n}) for n in (1, 5, 10, 20)}
    variants |= {f"{n} steps, uniform schedule": (uniform, {"steps": n}) for n in (5, 10)} | {"no blending": (prior, {"rho": 0.0})}
    for what in ("branches", "kernels"):
        variants |= {f"one choice of {what} for all bands": (without_choice(weights, what, keep=True), {}),
                     f"all {what} alike": (without_choice(weights, what, keep=False), {})}  # fmt: skip
    made: dict[str, Tensor] = {}
    for name, (which, options) in variants.items():
        started = time.perf_counter()
        made[name] = reconstruct(trial, which, **options)
        lines.append(f"| {name} ({(time.perf_counter() - started) / len(trial.truth):.2f} s) | {scores(made[name], trial.truth)} |")
    lines += ["", "| what | value |", "|---|---|"]
    for rho, clean in ((0.0, made["no blending"]), (0.3, made["10 steps"])):
        lost = psnr(clean, trial.truth) - psnr(reconstruct(trial, Noisy(prior), rho=rho), trial.truth)
        lines.append(f"| PSNR lost by 5 % noise on every prediction, rho = {rho:g} | {float(lost.mean()):.3f} dB |")
    return lines + course(trial, prior)


def course(trial: Trial, prior: AMKRestorer) -> list[str]:
    """What becomes of the measured samples, and the error of the estimate in each ring as the run goes on."""
    problem = trial.problem(CoilFourierOperator)
    run = list(AMKCold(prior).trajectory(problem, Streams.of(0, "measure", len(trial.truth))))
    kept = (problem.linear(run[-1].x0) - trial.y).abs().max() / trial.y.abs().max()
    lines = [f"| deviation from measured samples | {float(kept):.0e} |"]
    k = fft(trial.maps * trial.truth[:, None])
    rings = bands(k.shape[-2], k.shape[-1], prior.model.edges)
    for at in (0, len(run) // 2, len(run) - 1):
        error = (fft(run[at].x0) - k).abs().square().sum(1)
        parts = [float(((error * r).sum((1, 2)) / (k.abs().square().sum(1) * r).sum((1, 2))).mean()) for r in rings]
        lines.append(f"| NMSE of the estimate per ring, inner to outer, after step {at + 1} | {', '.join(f'{p:.4f}' for p in parts)} |")
    return lines


def silent(prior: Prior) -> Prior:
    """The restorer without its network: completion alone, in as many rounds as gain anything."""
    out = copy.deepcopy(prior)
    assert isinstance(out, AMKRestorer)
    out.model.rounds, out.model.warm = 0, 30
    return out


def without_choice(weights: str, what: str, keep: bool) -> Prior:
    """The restorer with one choice of "branches" or "kernels" for all bands (their mean logits), or with none (all alike)."""
    prior = AMKRestorer(weights)
    net = prior.model
    places: dict[str, list[tuple[nn.Module | None, tuple[int, ...]]]]
    places = {"branches": [(b.gate, b.shape) for b in net.modules() if isinstance(b, AMKBlock)],
              "kernels": [(net.choose, (len(net.edges) + 1, net.coils, net.choices))]}  # fmt: skip
    for layer, shape in places[what]:
        if layer is not None:

            def even(_: nn.Module, __: Any, logits: Tensor, shape: tuple[int, ...] = shape) -> Tensor:
                split = logits.reshape(-1, *shape)
                one = split.mean(1, keepdim=True).expand_as(split) if keep else torch.zeros_like(split)
                return one.reshape(logits.shape)

            layer.register_forward_hook(even)
    return prior


def chosen(trial: Trial, net: AMKNet) -> list[str]:
    """Which receptive field, and which kernel of the scan, serves which band: mean weights in the first and in the last round."""
    seen: list[Tensor] = []
    net(compress(compression(trial.y, int(net.architecture["coils"])), trial.y), 1.0, seen)
    each = len(seen) // net.rounds
    names = {"branches": [f"{r} x {r}" for r in net.architecture["reaches"]],
             "kernels": [*(f"{100 * s:.0f} %" for s in net.shares), "object"]}  # fmt: skip
    lines = []
    for name, at in (("branches", 0), ("kernels", each - 1)):
        lines += [f"| {name}: round, ring (inner to outer) | {' | '.join(names[name])} |", "|---" * (len(names[name]) + 1) + "|"]
        for turn in (0, net.rounds - 1):
            for i, row in enumerate(seen[turn * each + at].mean((0, 2)).tolist()):
                lines.append(f"| {turn + 1}, {i + 1} | " + " | ".join(f"{w:.2f}" for w in row) + " |")
        lines.append("")
    return lines


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("MRIDIFF_DATA"), help="data folder (default: MRIDIFF_DATA)")
    parser.add_argument("--weights", default="brain", help="name or file of the restorer's weights")
    parser.add_argument("--alike", nargs="*", default=[], help="NAME=FILE of weights trained alike, the first compared with all others")
    parser.add_argument("--only", choices=("quality", "alike", "details"), help="one of the tables")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data FOLDER, or set MRIDIFF_DATA")
    torch.set_num_threads(options.threads)
    data, prior = Path(options.data), AMKRestorer(options.weights)
    alike = {name: AMKRestorer(file) for name, file in (given.split("=", 1) for given in options.alike)}
    few = trials(data, FEW)
    tables: dict[str, Callable[[], list[str]]] = {
        "quality": lambda: quality(few | others(data), prior),
        "alike": lambda: ablations(trials(data, MANY)[MAIN], alike) if alike else [],
        "details": lambda: [*details(few[MAIN], prior, options.weights), "", *chosen(few[MAIN], prior.model)],
    }
    with torch.no_grad():
        for name, table in tables.items():
            if options.only in (None, name):
                sys.stdout.write("\n".join(table()) + "\n\n")


if __name__ == "__main__":
    main()
