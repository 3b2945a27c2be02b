"""Image quality, on magnitudes, one value per sample."""

from .hfen import hfen
from .nmse import nmse
from .psnr import psnr
from .region import head_region
from .ssim import ssim, ssim_map
from .temporal import moving_region, temporal_nmse

__all__ = ["head_region", "hfen", "moving_region", "nmse", "psnr", "ssim", "ssim_map", "temporal_nmse"]
