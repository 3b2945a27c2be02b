"""Coils: sensitivity maps - simulated, from low-frequency images, by ESPIRiT - and the weights of SPIRiT."""

from .calibration import calibration_region
from .espirit import espirit_maps
from .low_frequency import low_frequency_maps, taper
from .simulate import simulate_maps
from .spirit import spirit_symbol, spirit_weights

__all__ = ["calibration_region", "espirit_maps", "low_frequency_maps", "simulate_maps", "spirit_symbol", "spirit_weights",
           "taper"]  # fmt: skip
