"""The metrics of a record: what fits the kind of quantity, by its axes."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mridiff.interfaces import Field

from ..motion.gauge import errors as motion_errors
from .nmse import nmse
from .psnr import psnr
from .region import head_region
from .ssim import WINDOW, ssim
from .temporal import moving_region, temporal_nmse


def score(estimate: Tensor, reference: Tensor, axes: tuple[str, ...], truth: Mapping[str, Field]) -> dict[str, float]:
    """Metrics of one quantity (1, *axes) against its reference, as plain numbers.

    Images and volumes: PSNR in dB, SSIM and NMSE of magnitudes over everything, with the maximum of the reference as range, and
    again inside the object (`_head`): `truth["head"]` (bool) where there is one, else found in the reference. Series that move: also
    PSNR where they do (`_moving`), and the NMSE of frame-to-frame differences. The poses of
    shots: errors in degrees and pixels after the one rigid motion of all of them that cannot be known. Anything else
    (kernels, vectors): mean absolute and root mean square error in the quantity's unit.
    """
    if axes == ("shot", "channel"):
        return motion_errors(estimate, reference)
    if axes[-2:] != ("y", "x") or min(reference.shape[-2:]) < WINDOW:
        difference = (estimate - reference).abs()
        return {"mae": float(difference.mean()), "rmse": float(difference.square().mean().sqrt())}
    region = truth["head"].data.bool() if "head" in truth else head_region(reference)
    return {"psnr": float(psnr(estimate, reference)), "ssim": float(ssim(estimate, reference)), "nmse": float(nmse(estimate, reference)),
            "psnr_head": float(psnr(estimate, reference, region=region)),
            "ssim_head": float(ssim(estimate, reference, region=region)), **_over_time(estimate, reference, axes)}  # fmt: skip


def _over_time(estimate: Tensor, reference: Tensor, axes: tuple[str, ...]) -> dict[str, float]:
    if "t" not in axes:
        return {}
    dim = axes.index("t") - len(axes)
    moving = moving_region(reference, dim=dim)
    if not bool(moving.any()):
        return {}
    change = temporal_nmse(estimate, reference, dim=dim)
    return {"psnr_moving": float(psnr(estimate, reference, region=moving)), "nmse_temporal": float(change)}
