"""Metrics by quantity: what this package says of images, series, lesions, maps of susceptibility, pictures and motion."""

# ruff: noqa: ARG001 - every metric is called alike

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mridiff.interfaces import Field, Space

from ..motion.gauge import errors
from ..motion.registration import registered
from .contrast import contrast_recovery
from .detection import EVIDENCE, auc, best_dice, dice
from .hfen import hfen
from .identification import pixcorr
from .nmse import nmse
from .psnr import psnr
from .region import region_of
from .ssim import WINDOW, ssim
from .susceptibility import nrmse
from .temporal import moving_region, temporal_nmse

Truth = Mapping[str, Field]


def quality(estimate: Tensor, reference: Tensor, space: Space, truth: Truth) -> dict[str, float]:
    """Of images and volumes: PSNR in dB, SSIM and NMSE of magnitudes over everything, with the maximum of the reference as range, and PSNR
    and SSIM inside the object (`_head`): `truth["head"]` (bool) where there is one, else found in the reference."""
    if not _planes(reference, space):
        return {}
    region = region_of(reference, truth)
    return {**_everywhere(estimate, reference), "psnr_head": float(psnr(estimate, reference, region=region)),
            "ssim_head": float(ssim(estimate, reference, region=region))}  # fmt: skip


def series(estimate: Tensor, reference: Tensor, space: Space, truth: Truth) -> dict[str, float]:
    """Of images over time that move: PSNR where they do (`_moving`), where the object stands still (`_still`), and the NMSE of
    frame-to-frame differences."""
    if "t" not in space.axes or not _planes(reference, space):
        return {}
    dim = space.dim("t")
    moving = moving_region(reference, dim=dim)
    if not bool(moving.any()):
        return {}
    still = region_of(reference, truth) & ~moving
    rest = {"psnr_still": float(psnr(estimate, reference, region=still))} if bool(still.any()) else {}
    change = temporal_nmse(estimate, reference, dim=dim)
    return {"psnr_moving": float(psnr(estimate, reference, region=moving)), **rest, "nmse_temporal": float(change)}


def moved(estimate: Tensor, reference: Tensor, space: Space, truth: Truth) -> dict[str, float]:
    """Of planes of a scan in motion: PSNR and SSIM after the one rigid motion that no measurement tells (`_registered`)."""
    if "motion" not in truth or space.axes != ("y", "x") or not _planes(reference, space):
        return {}
    image = registered(estimate, reference)
    return {"psnr_registered": float(psnr(image, reference)), "ssim_registered": float(ssim(image, reference))}


def lesion(estimate: Tensor, reference: Tensor, space: Space, truth: Truth) -> dict[str, float]:
    """Where `truth["lesion"]` (bool) is in the image's space: how much of its contrast is there (`contrast_lesion`)."""
    where = truth.get("lesion")
    if space.unit == EVIDENCE or where is None or where.data.shape != reference.shape or not bool(where.data.any()):
        return {}
    return {"contrast_lesion": float(contrast_recovery(estimate, reference, where.data.bool()))}


def susceptibility(estimate: Tensor, reference: Tensor, space: Space, truth: Truth) -> dict[str, float]:
    """Of maps in ppm: the error about their means inside the object (`nrmse`), and that of edges (`hfen`)."""
    if not _planes(reference, space):
        return {}
    region = region_of(reference, truth)
    return {"nrmse": float(nrmse(estimate, reference, region)), "hfen": float(hfen(estimate, reference, region=region))}


def detection(estimate: Tensor, reference: Tensor, space: Space, truth: Truth) -> dict[str, float]:
    """Of maps of evidence, 1 at the threshold, inside `truth["head"]`: how much of it is `flagged`; and, where there is something to be
    found, AUC (`auc`), Dice of what is flagged (`dice`), and of the best threshold for this very scan (`dice_best`)."""
    if "head" not in truth:
        return {}
    within, region = truth["head"].data.bool(), reference.bool()
    evidence = estimate.mean(0, keepdim=True)
    found = {"flagged": float((evidence > 1)[within].double().mean())}
    if bool((region & within).any()):
        found |= {"auc": float(auc(evidence, region, within)), "dice": float(dice(evidence > 1, region, within)),
                  "dice_best": float(best_dice(evidence, region, within))}  # fmt: skip
    return found


def picture(estimate: Tensor, reference: Tensor, space: Space, truth: Truth) -> dict[str, float]:
    """Of pictures in colour: PSNR, SSIM, NMSE and `pixcorr`."""
    return {**_everywhere(estimate, reference), "pixcorr": float(pixcorr(estimate, reference))} if _planes(reference, space) else {}


def motion(estimate: Tensor, reference: Tensor, space: Space, truth: Truth) -> dict[str, float]:
    """Of the poses of shots: errors in degrees and pixels after the one rigid motion of all of them that cannot be known."""
    return errors(estimate, reference) if space.axes == ("shot", "channel") else {}


def _planes(reference: Tensor, space: Space) -> bool:
    """Whether these are planes of an image, large enough to score; evidence for something is none."""
    return space.unit != EVIDENCE and space.axes[-2:] == ("y", "x") and min(reference.shape[-2:]) >= WINDOW


def _everywhere(estimate: Tensor, reference: Tensor) -> dict[str, float]:
    return {"psnr": float(psnr(estimate, reference)), "ssim": float(ssim(estimate, reference)), "nmse": float(nmse(estimate, reference))}
