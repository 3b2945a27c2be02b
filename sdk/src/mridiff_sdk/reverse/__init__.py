"""The reverse process of a prior for a problem: what every diffusion sampler is written in."""

from .cold import cold_chain, revealing_times
from .process import Reverse

__all__ = ["Reverse", "cold_chain", "revealing_times"]
