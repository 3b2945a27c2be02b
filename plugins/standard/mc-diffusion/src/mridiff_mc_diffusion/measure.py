"""Measure: the tables of the card, on subjects that no weights were trained on: `python -m mridiff_mc_diffusion.measure --data FOLDER`."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor
from torch.nn import functional

from mridiff.interfaces import Blocks, Field, Gaussian, Measured, Poisson, Prior, Problem, Sampler, Scan, Streams
from mridiff_sdk.metrics import contrast_recovery, nmse, psnr, ssim

from .classical import Classical
from .dataset import ACTIVITY, PetMrPhantom
from .operator import PetMrOperator
from .prior import IndependentPrior, JointPrior
from .sampler import JointPC

FIRST, TUNING = 400_000, 350_000
"""The first subjects of the tables, and of the choice of options; training takes those from 0 on."""
PET, MR = 0, 1
SAMPLES = 2
"""As in the recipe."""


def together(scans: Iterable[Scan]) -> tuple[Measured, Tensor, Tensor]:
    """Scans of one protocol as one measurement of many samples, their truths and lesions (sample, modality, y, x)."""
    several = list(scans)
    many = [s.measured for s in several]
    y = tuple(torch.cat([m.y[i] for m in many if isinstance(m.y, tuple)]) for i in (PET, MR))
    shared = many[0].acquisition
    fields = {**shared, "mask": replace(shared["mask"], data=torch.cat([m.acquisition["mask"].data for m in many]))}
    truth, lesion = (torch.cat([s.truth[name].data for s in several]) for name in ("x", "lesion"))
    return replace(many[0], y=y, acquisition=fields), truth, lesion


def without_mr(measured: Measured) -> Measured:
    """The same PET data beside k-space that is noise and says so: its level is that of the signal before."""
    counts, k = blocks(measured)
    (mask,) = measured.require("mask")
    level = float((k.abs().square().sum() / mask.sum()).sqrt())
    noise = level * mask * Streams.of(0, "no mr", len(k)).normal_like(k)
    return replace(measured, y=(counts, noise), noise=Blocks((of_counts(measured), Gaussian(level))))


def shuffled(measured: Measured) -> Measured:
    """PET of each subject beside MR of the next."""
    counts, k = blocks(measured)
    mask = measured.acquisition["mask"]
    fields = {**measured.acquisition, "mask": replace(mask, data=mask.data.roll(1, 0))}
    return replace(measured, y=(counts, k.roll(1, 0)), acquisition=fields)


def blocks(measured: Measured) -> tuple[Tensor, Tensor]:
    """Counts and k-space."""
    assert isinstance(measured.y, tuple)
    return measured.y[PET], measured.y[MR]


def of_counts(measured: Measured) -> Poisson:
    """The noise of the counts."""
    assert isinstance(measured.noise, Blocks)
    pet = measured.noise.parts[PET]
    assert isinstance(pet, Poisson)
    return pet


def reconstructed(sampler: Sampler, measured: Measured, samples: int) -> Tensor:
    """The mean over samples of every scan, (scan, modality, y, x)."""
    problem = Problem.of(PetMrOperator.for_scan(measured), measured)
    n = len(blocks(measured)[PET])
    draws = [sampler(problem, Streams.of(seed, "measure", n)) for seed in range(samples)]
    return torch.stack(draws).mean(0)


def scores(x: Tensor, truth: Tensor, lesion: Tensor) -> dict[str, float]:
    """Means over scans of what the tables show, by modality; and the contrast of PET lesions that is there."""
    found = {f"{name} {m}": float(f(x[:, i], truth[:, i]).mean()) for m, i in (("PET", PET), ("MR", MR))
             for name, f in (("PSNR", psnr), ("SSIM", ssim), ("NMSE", nmse))}  # fmt: skip
    return found | {"lesion": float(contrast_recovery(x[:, PET], truth[:, PET], lesion[:, PET]).mean())}


def counts_kept(x: Tensor, measured: Measured) -> float:
    """The largest deviation over scans of s P u, summed, from the counts above the background, relative."""
    counts, _ = blocks(measured)
    expected = PetMrOperator.for_scan(measured)(x)[PET].sum((1, 2))
    true = (counts - of_counts(measured).background).sum((1, 2))
    return float((expected / true - 1).abs().max())


COLUMNS = ("PSNR PET", "SSIM PET", "NMSE PET", "lesion", "PSNR MR", "SSIM MR", "NMSE MR")


class Table:
    """Rows that are printed as they are made."""

    def __init__(self, console: Console, title: str) -> None:
        self.console, self.rows = console, dict[str, dict[str, float]]()
        console.print(f"\n{title}\n\n| method | {' | '.join(COLUMNS)} | counts off by | seconds |\n|{'---|' * (len(COLUMNS) + 3)}")

    def row(self, name: str, make: Callable[[], Tensor], truth: Tensor, lesion: Tensor, measured: Measured) -> Tensor:
        """Reconstruct, score and print; returns what was made."""
        started = time.monotonic()
        with torch.no_grad():
            x = make()
        seconds = (time.monotonic() - started) / len(x)
        row = self.rows[name] = scores(x, truth, lesion)
        digits = [f"{row[c]:.2f}" if c.startswith(("PSNR", "lesion")) else f"{row[c]:.4f}" for c in COLUMNS]
        self.console.print(f"| {name} | {' | '.join(digits)} | {100 * counts_kept(x, measured):.1f} % | {seconds:.1f} |")
        return x


def classical(**options: Any) -> Sampler:
    """The baselines with some options, at those of the recipe else."""
    return Classical(**{"pet": "osem", "mr": "tv", **options})


def tune(console: Console, subjects: int) -> None:
    """OSEM and TV over a grid, on subjects of neither training nor tables."""
    measured, truth, lesion = together(PetMrPhantom(first=TUNING, subjects=subjects))
    table = Table(console, f"Baselines, {subjects} tuning subjects")
    for iterations in (2, 4):
        for fwhm in (3.0, 4.0, 5.0, 6.0):
            for weight in (0.001, 0.003, 0.01) if (iterations, fwhm) == (4, 4.0) else (0.003,):
                sampler = classical(iterations=iterations, fwhm=fwhm, weight=weight)
                table.row(
                    f"OSEM {iterations} x 6, filter {fwhm:g}, TV {weight:g}",
                    partial(reconstructed, sampler, measured, 1),
                    truth,
                    lesion,
                    measured,
                )


def main_table(console: Console, priors: Mapping[str, Prior], subjects: int, samples: int, **scan: Any) -> None:
    """The methods on pairs; then on pairs whose MR says nothing, and on pairs of different people."""
    measured, truth, lesion = together(PetMrPhantom(first=FIRST, subjects=subjects, **scan))
    said = ", ".join(f"{k} = {v:g}" for k, v in scan.items()) or "the recipe's scan"
    table = Table(console, f"{subjects} subjects, {samples} samples, {said}")
    rough = {"pet": "fbp", "mr": "zero-filled"}
    for name, options in {"FBP with filter, zero-filled": rough, "OSEM, CG": {"mr": "cg"}, "OSEM, TV": {}}.items():
        table.row(name, partial(reconstructed, classical(**options), measured, 1), truth, lesion, measured)
    for name, prior in priors.items():
        table.row(name, partial(reconstructed, JointPC(prior), measured, samples), truth, lesion, measured)


def ablations(console: Console, priors: Mapping[str, Prior], subjects: int) -> None:
    """One sample each: MR that is noise, and MR of somebody else."""
    measured, truth, lesion = together(PetMrPhantom(first=FIRST, subjects=subjects))
    table = Table(console, f"{subjects} subjects, 1 sample; where MR was exchanged its columns mean nothing")
    for title, given in (("", measured), (", MR data are noise", without_mr(measured)), (", MR of another subject", shuffled(measured))):
        for name, prior in priors.items():
            table.row(f"{name}{title}", partial(reconstructed, JointPC(prior), given, 1), truth, lesion, given)


def variants(console: Console, prior: Prior, subjects: int) -> None:
    """One sample each: the other fidelity, no corrector, more levels."""
    measured, truth, lesion = together(PetMrPhantom(first=FIRST, subjects=subjects))
    table = Table(console, f"joint, {subjects} subjects, 1 sample")
    changes: dict[str, dict[str, Any]] = {"gradient fidelity": {"fidelity": "gradient"}, "without corrector": {"snr": 0.0},
                                          "80 levels": {"steps": 80}}  # fmt: skip
    for name, options in changes.items():
        table.row(name, partial(reconstructed, JointPC(prior, **options), measured, 1), truth, lesion, measured)


def invariants(console: Console, prior: Prior) -> None:
    """Noise-free and fully sampled MR: the relative error of v. And the least value of u."""
    measured, truth, _ = together(PetMrPhantom(first=FIRST, subjects=2, acceleration=1.0, noise_std=0.0))
    with torch.no_grad():
        x = reconstructed(JointPC(prior), measured, 1)
    error = float((x - truth)[:, MR].norm() / truth[:, MR].norm())
    console.print(f"\nMR without noise, fully sampled: error {error:.1e} relative. Least activity: {float(x[:, PET].min()):.1e}.")


def template_pair(data: Path) -> Tensor:
    """The middle axial slice of the PET and T1 templates, real (1, modality, y, x), 64 x 64, in the units of the phantoms."""
    import nibabel

    slices = []
    for name in ("PET", "T1"):
        volume = torch.from_numpy(nibabel.load(data / "pet_t1_t2_pd_templates" / f"{name}.nii.gz").get_fdata()).float()
        plane = volume[:, :, volume.shape[2] // 2].mT.flip(0)
        small = functional.interpolate(plane[None, None], scale_factor=0.55, mode="bilinear", antialias=True)[0, 0]
        canvas = torch.zeros(64, 64)
        top, left = ((64 - n) // 2 for n in small.shape)
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
        slices.append(canvas.clamp_min(0))
    pet, mr = slices
    return torch.stack((pet * (ACTIVITY / pet.mean()), 0.9 * mr / mr.max()))[None]


def out_of_distribution(console: Console, data: Path, priors: Mapping[str, Prior]) -> None:
    """One slice of PET and T1 templates, which are averages of many people, measured by simulation."""
    x = template_pair(data)
    measured = PetMrPhantom().measure(x, "templates", 0)
    lesion = torch.zeros_like(x, dtype=torch.bool)
    lesion[:, :, 30:34, 30:34] = True
    scan = Scan("templates", measured, {"x": Field(x, ("modality", "y", "x")), "lesion": Field(lesion, ("modality", "y", "x"))})
    given, truth, region = together([scan])
    table = Table(console, "One slice of templates (averages of many people; no lesion: that column is the middle of the slice)")
    table.row("OSEM, TV", partial(reconstructed, classical(), given, 1), truth, region, given)
    for name, prior in priors.items():
        table.row(name, partial(reconstructed, JointPC(prior), given, SAMPLES), truth, region, given)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("MRIDIFF_DATA"), help="data folder, for the templates")
    parser.add_argument("--subjects", type=int, default=20)
    parser.add_argument("--part", choices=("tune", "table", "counts", "ablations", "variants", "rest"), help="one part alone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(width=250)
    if options.part == "tune":
        tune(console, 6)
        return
    n, priors = options.subjects, {"independent": IndependentPrior(), "joint": JointPrior()}
    parts: dict[str, Callable[[], None]] = {
        "table": lambda: main_table(console, priors, n, SAMPLES),
        "counts": lambda: main_table(console, priors, n, SAMPLES, counts=5e4),
        "ablations": lambda: ablations(console, priors, n),
        "variants": lambda: variants(console, priors["joint"], n),
        "rest": lambda: rest(console, options.data, priors),
    }
    for name, measure in parts.items():
        if options.part in {None, name}:
            measure()


def rest(console: Console, data: Path | None, priors: Mapping[str, Prior]) -> None:
    """Invariants; templates where there is a folder."""
    invariants(console, priors["joint"])
    if data is not None:
        out_of_distribution(console, Path(data), priors)


if __name__ == "__main__":
    main()
