"""The metrics of a record: what fits the kind of quantity, by its axes."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mridiff.interfaces import Field

from ..motion.gauge import errors as motion_errors
from .contrast import contrast_recovery
from .hfen import hfen
from .identification import pixcorr
from .nmse import nmse
from .psnr import psnr
from .region import head_region
from .ssim import WINDOW, ssim
from .susceptibility import nrmse
from .temporal import moving_region, temporal_nmse


def score(estimate: Tensor, reference: Tensor, axes: tuple[str, ...], truth: Mapping[str, Field]) -> dict[str, float]:
    """Metrics of one quantity (1, *axes) against its reference, as plain numbers.

    Images and volumes: PSNR in dB, SSIM and NMSE of magnitudes over everything, with the maximum of the reference as range, and
    again inside the object (`_head`): `truth["head"]` (bool) where there is one, else found in the reference. Maps in ppm: also the
    error about their means inside the object (`nrmse`), and that of edges (`hfen`). Series that move: also
    PSNR where they do (`_moving`), and the NMSE of frame-to-frame differences. Pictures in colour: PSNR, SSIM, NMSE and `pixcorr`. The
    poses of shots: errors in degrees and pixels after the one rigid motion of all of them that cannot be known. Anything else
    (kernels, vectors): mean absolute and root mean square error in the quantity's unit. Where `truth["lesion"]` (bool) is in the image's
    space: `contrast_lesion`, how much of its contrast is there. Modalities are images of their own: each is scored by itself, with its
    number along the axis after the name (`psnr_0`), and the plain names are means over them.
    """
    if "modality" in axes:
        return _by_modality(estimate, reference, axes, truth)
    if axes == ("shot", "channel"):
        return motion_errors(estimate, reference)
    if axes[-2:] != ("y", "x") or min(reference.shape[-2:]) < WINDOW:
        difference = (estimate - reference).abs()
        return {"mae": float(difference.mean()), "rmse": float(difference.square().mean().sqrt())}
    if axes == ("channel", "y", "x") and reference.shape[1] == 3:
        return {"psnr": float(psnr(estimate, reference)), "ssim": float(ssim(estimate, reference)),
                "pixcorr": float(pixcorr(estimate, reference)), "nmse": float(nmse(estimate, reference))}  # fmt: skip
    region = truth["head"].data.bool() if "head" in truth else head_region(reference)
    return {"psnr": float(psnr(estimate, reference)), "ssim": float(ssim(estimate, reference)), "nmse": float(nmse(estimate, reference)),
            "psnr_head": float(psnr(estimate, reference, region=region)),
            "ssim_head": float(ssim(estimate, reference, region=region)), **_over_time(estimate, reference, axes),
            **_lesion(estimate, reference, truth),
            **(_susceptibility(estimate, reference, region) if "x" in truth and truth["x"].unit == "ppm" else {})}  # fmt: skip


def _by_modality(estimate: Tensor, reference: Tensor, axes: tuple[str, ...], truth: Mapping[str, Field]) -> dict[str, float]:
    rest, dim = tuple(a for a in axes if a != "modality"), 1 + axes.index("modality")
    rows = []
    for i in range(reference.shape[dim]):
        own = {name: _slice(f, i) if "modality" in f.axes else f for name, f in truth.items()}
        rows.append(score(estimate.select(dim, i), reference.select(dim, i), rest, own))
    means = {name: sum(row[name] for row in rows) / len(rows) for name in rows[0] if all(name in row for row in rows)}
    return means | {f"{name}_{i}": value for i, row in enumerate(rows) for name, value in row.items()}


def _slice(field: Field, index: int) -> Field:
    rest = tuple(a for a in field.axes if a != "modality")
    return Field(field.data.select(1 + field.axes.index("modality"), index), rest, field.unit)


def _lesion(estimate: Tensor, reference: Tensor, truth: Mapping[str, Field]) -> dict[str, float]:
    lesion = truth.get("lesion")
    if lesion is None or lesion.data.shape != reference.shape or not bool(lesion.data.any()):
        return {}
    return {"contrast_lesion": float(contrast_recovery(estimate, reference, lesion.data.bool()))}


def _susceptibility(estimate: Tensor, reference: Tensor, region: Tensor) -> dict[str, float]:
    return {"nrmse": float(nrmse(estimate, reference, region)), "hfen": float(hfen(estimate, reference, region=region))}


def _over_time(estimate: Tensor, reference: Tensor, axes: tuple[str, ...]) -> dict[str, float]:
    if "t" not in axes:
        return {}
    dim = axes.index("t") - len(axes)
    moving = moving_region(reference, dim=dim)
    if not bool(moving.any()):
        return {}
    change = temporal_nmse(estimate, reference, dim=dim)
    return {"psnr_moving": float(psnr(estimate, reference, region=moving)), "nmse_temporal": float(change)}
