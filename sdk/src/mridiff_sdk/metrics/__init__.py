"""Image quality, on magnitudes or real numbers, one value per sample."""

from .hfen import hfen
from .nmse import nmse
from .psnr import psnr
from .region import head_region
from .ssim import ssim, ssim_map
from .susceptibility import cone_error, nrmse
from .temporal import moving_region, temporal_nmse

__all__ = ["cone_error", "head_region", "hfen", "moving_region", "nmse", "nrmse", "psnr", "ssim", "ssim_map", "temporal_nmse"]
