"""Image quality, on magnitudes, one value per sample."""

from .hfen import hfen
from .nmse import nmse
from .psnr import psnr
from .region import head_region
from .ssim import ssim, ssim_map

__all__ = ["head_region", "hfen", "nmse", "psnr", "ssim", "ssim_map"]
