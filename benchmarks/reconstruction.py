"""Reconstruction of unseen heads from few lines: the shipped priors beside classical methods, through the pipeline that users run.

python benchmarks/reconstruction.py       writes benchmarks/results/reconstruction.md and pictures beside it; needs MRIDIFF_DATA
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mridiff import Registry
from mridiff_sdk.comparison import compare
from mridiff_sdk.held_out import held_out

CLASSICAL = ("zero-filled", "cg-sense", "tv", "l1-wavelet")
DIFFUSION = {"dpir": 40, "diffpir": 20, "dps-mri": 50}
"""Sampler and network evaluations per image."""
POINT = ("dpir",)
"""Those that give one estimate: there is no mean to take."""
RATES = (4.0, 8.0)


def configurations(folder: Path, weights: list[str], samples: int) -> list[str]:
    """One YAML file per method, as a user would write it."""
    texts = {name: f"recipe: {name}\n" for name in CLASSICAL}
    for name, steps in DIFFUSION.items():
        for file in weights:
            for n in (1,) if name in POINT else (1, samples):
                prior = f"priors: {{prior: {{use: denoiser, options: {{weights: '{file}'}}}}}}\n"
                kind = "one estimate" if name in POINT else "one sample" if n == 1 else f"mean of {n}"
                title = f"{name}, {Path(file).stem}, {kind}"
                texts[title] = f"recipe: {name}\nsamples: {n}\nsampler: {{options: {{steps: {steps}}}}}\n{prior}"
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    return [str(folder / f"{name}.yaml") for name in texts]


def rows(record: dict[str, Any]) -> list[str]:
    """The means over the scans as lines of a table."""
    lines = ["| | PSNR dB | SSIM | NMSE | PSNR head dB | SSIM head | NFE | s |", "|---|---|---|---|---|---|---|---|"]
    for name, found in record["mean"].items():
        m, c = found["metrics"], found["cost"]
        lines.append(f"| {name} | {m['psnr']:.2f} | {m['ssim']:.3f} | {m['nmse']:.4f} | {m['psnr_head']:.2f} | {m['ssim_head']:.3f} | "
                     f"{c['nfe']:.0f} | {c['seconds']:.0f} |")  # fmt: skip
    return lines


def report(options: argparse.Namespace) -> str:
    """The whole page."""
    torch.set_num_threads(options.threads)
    registry, lines = Registry.discover(), []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        picks = tuple(int(i) for i in np.linspace(30, 270, options.count))
        np.savez(folder / "t2.npz", image=held_out(options.data, 192, picks).numpy())
        names = configurations(folder, options.weights, options.samples)
        cases = {
            f"{options.count} T2 slices of unseen heads, 192 x 192, 8 simulated coils, noise 0.01": (folder / "t2.npz", 0.01),
            "One measured head, 230 x 180, 8 coils, as it was measured": (options.data / "multicoil_kspace" / "brain8_full.h5", 0.0),
        }
        for title, (path, noise) in cases.items():
            for rate in RATES:
                scan = {"path": str(path), "acceleration": rate, "noise_std": noise}
                out = options.pictures / f"{path.stem}-R{rate:g}"
                record = compare(names, registry, {"dataset": {"use": "arrays", "options": scan}}, out)
                lines += [f"## {title}, R = {rate:g}", "", *rows(record), ""]
    head = ["# Reconstruction of heads that no weights were trained on", "",
            f"{time.strftime('%Y-%m-%d')}, {options.threads} thread(s), torch {version('torch')}. Seconds are wall clock, on a machine",
            "that may have had other work.", "",
            "Random lines, 8 % centre. PSNR and SSIM of magnitudes against the fully sampled image, over everything and inside the head;",
            "the reference holds noise of its own. Classical methods at their defaults, which were tuned on other heads",
            "(`plugins/foundation/samplers/README.md`); nothing was chosen by these numbers.", ""]  # fmt: skip
    return "\n".join([*head, *lines]).rstrip() + "\n"


def main() -> None:
    """Measure and write the page."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("MRIDIFF_DATA"), help="data folder (default: MRIDIFF_DATA)")
    parser.add_argument("--weights", nargs="+", default=["brain", "brain-small"], help="names of shipped weights, or files")
    parser.add_argument("--count", type=int, default=4, help="T2 slices")
    parser.add_argument("--samples", type=int, default=8, help="samples whose mean is taken")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pictures", type=Path, default=here.parent / "out" / "reconstruction", help="folder of pictures and pages")
    parser.add_argument("--output", type=Path, default=here / "results" / "reconstruction.md")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data FOLDER, or set MRIDIFF_DATA")
    options.data = Path(options.data)
    text = report(options)
    options.output.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
