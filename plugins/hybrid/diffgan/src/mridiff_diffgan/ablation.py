"""Ablation: `python -m mridiff_diffgan.ablation --data FOLDER -o DIR` trains with and without the local transformer, seed by seed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean

import torch

from mridiff_sdk.training import Run, prepare, read_configuration, read_log

from .train import training

CONFIG = Path(__file__).with_name("ablation-transformer.yaml")
FIGURES = ("l1", "psnr")

Validation = Mapping[str, float]


def trained(config: Path, run: Run, seed: int, transformer: bool) -> Validation:
    """The last validation of a training as in `config`, with this seed, with or without transformer; what is in `run.out` goes on."""
    arguments, settings, _ = read_configuration(config, training)
    arguments["net"] = replace(arguments["net"], transformer=transformer)
    prepare(training, replace(run, settings=replace(settings, seed=seed)), **arguments).run()
    return next(row for row in reversed(read_log(run.out)) if "l1" in row)


def table(pairs: Mapping[int, tuple[Validation, Validation]]) -> str:
    """A markdown table of l1 distance and PSNR, with and without by seed; the last row holds means."""
    lines = ["| seed | l1: with | without | PSNR: with | without |", "|---|---|---|---|---|"]
    rows = {str(seed): [side[name] for name in FIGURES for side in pair] for seed, pair in pairs.items()}
    rows["mean"] = [mean(column) for column in zip(*rows.values(), strict=True)]
    return "\n".join(lines + [f"| {name} | {a:.4f} | {b:.4f} | {c:.2f} | {d:.2f} |" for name, (a, b, c, d) in rows.items()])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("MRIDIFF_DATA"), help="data folder (default: MRIDIFF_DATA)")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the runs; those found there go on")
    parser.add_argument("--cache", type=Path, help="folder of prepared data; OUT/cache if not given")
    parser.add_argument("--config", type=Path, default=CONFIG, help="what both sides are trained with")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2], metavar="SEED", help="default: 0 1 2")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cache = options.cache or options.out / "cache"
    pairs = {}
    for seed in options.seeds:
        both = (Run(options.out / f"{side}-{seed}", options.data, cache) for side in ("with", "without"))
        pairs[seed] = (trained(options.config, next(both), seed, True), trained(options.config, next(both), seed, False))
        sys.stdout.write(f"{table(pairs)}\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
