"""Image quality, on magnitudes or real numbers, one value per sample."""

from .contrast import contrast, contrast_recovery
from .detection import EVIDENCE, auc, best_dice, dice
from .hfen import hfen
from .identification import pixcorr, two_way
from .nmse import nmse
from .outer import edge_score, outer_nmse
from .psnr import psnr
from .region import head_region, otsu
from .ssim import ssim, ssim_map
from .susceptibility import cone_error, nrmse
from .temporal import moving_region, temporal_nmse

__all__ = ["EVIDENCE", "auc", "best_dice", "cone_error", "contrast", "contrast_recovery", "dice", "edge_score", "head_region", "hfen",
           "moving_region", "nmse", "nrmse", "otsu", "outer_nmse", "pixcorr", "psnr", "ssim", "ssim_map", "temporal_nmse",
           "two_way"]  # fmt: skip
