"""Studies: the tables of the card."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.study import Study

STEPS = 100


def studies() -> dict[str, Study]:
    """The method and DPS, one sample each, so that samplers are compared and not averages, beside the classical methods."""
    return {
        "dps-mri": Study(
            title="dps-mri beside DPS and the classical methods on held-out heads",
            rows={
                **{name: name for name in ("zero-filled", "cg-sense", "l1-wavelet", "tv")},
                "dps": method("dps"),
                "dps-mri": method("dps-mri"),
                "dps-mri, J = 0 (no data)": method("dps-mri", J=0),
            },
            scans={f"heads, R = {R}": {"use": "held-out-heads", "options": {"acceleration": R}} for R in (4, 6)},
            metrics=("psnr", "ssim", "psnr_head", "ssim_head", "nfe", "backward", "operator_calls", "seconds"),
            against=("dps-mri",),
        )
    }


def method(name: str, **options: Any) -> dict[str, Any]:
    """One sample of a method."""
    return {"recipe": name, "samples": 1, "sampler": {"options": {"steps": STEPS, **options}}}
