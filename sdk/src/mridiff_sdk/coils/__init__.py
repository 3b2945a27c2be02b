"""Coil sensitivity maps: simulated, from low-frequency images, by ESPIRiT."""

from .calibration import calibration_region
from .espirit import espirit_maps
from .low_frequency import low_frequency_maps, taper
from .simulate import simulate_maps

__all__ = ["calibration_region", "espirit_maps", "low_frequency_maps", "simulate_maps", "taper"]
