"""Studies: the tables of the card, on subjects that no weights were trained on."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.study import Altered, Study, on_recipe

from .counts import counts_off
from .exchange import with_other_mr, without_mr


def studies() -> dict[str, Study]:
    """The methods at two numbers of counts; what MR and parts of the sampler give; how the options of OSEM and TV were chosen."""
    classical, method, off, modalities = "pet-mr-classical", "mc-diffusion", "counts off, %", "(0) is PET, (1) is MR."
    plain: dict[str, Any] = {"FBP + zero-filled": one(classical, pet="fbp", mr="zero-filled"), "OSEM + CG": one(classical, mr="cg")}
    exchanged = {name: Altered(one(method), scan=f) for name, f in (("MR is noise", without_mr), ("MR of another", with_other_mr))}
    options: dict[str, Any] = {"gradient": {"fidelity": "gradient"}, "no corrector": {"snr": 0.0}, "80 levels": {"steps": 80}}
    grid = {f"OSEM {n} x 6 + filter {f}": one(classical, iterations=n, fwhm=float(f)) for n in (2, 4) for f in (3, 4, 5, 6)}
    metrics = ("psnr_0", "ssim_0", "contrast_lesion_0", "psnr_1", "ssim_1", "nfe", "seconds")
    shared: dict[str, Any] = {"metrics": metrics, "extra": {off: counts_off}, "better": {off: -1}}
    return {
        "mc-diffusion-recipe": on_recipe(method, classical, "mc-diffusion-independent"),
        "mc-diffusion": Study(
            title="PET and MR together, each by itself, and without a prior",
            rows=plain | {"OSEM + TV": classical, "independent": "mc-diffusion-independent", "joint": method},
            scans={"10⁴ counts": heads(8), "5 · 10⁴ counts": heads(8, counts=5e4)},
            against=("independent",), notes=(modalities,), **shared),
        "mc-diffusion-parts": Study(
            title="what MR and parts of the sampler give, one sample each",
            rows={"independent": one("mc-diffusion-independent"), "joint": one(method)} | exchanged
            | {name: one(method, **changes) for name, changes in options.items()},
            scans={"10⁴ counts": heads(8)}, against=("independent", "joint"),
            **shared, notes=(modalities, "Where MR is exchanged its columns mean nothing.")),
        "mc-diffusion-tuning": Study(
            title="options of OSEM and TV", rows=grid | {f"TV {w:g}": one(classical, weight=w) for w in (0.001, 0.003, 0.01)},
            scans={"tuning subjects": heads(6, first=350_000)}, notes=(modalities,), **shared),
    }  # fmt: skip


def one(name: str, **options: Any) -> dict[str, Any]:
    """One sample of a method with other options."""
    return {"recipe": name, "samples": 1, "sampler": {"options": options}}


def heads(subjects: int, **options: Any) -> dict[str, Any]:
    """Scans as in the recipe but for the options."""
    return {"use": "pet-mr-phantom", "options": {"first": 400_000, "subjects": subjects, **options}}
