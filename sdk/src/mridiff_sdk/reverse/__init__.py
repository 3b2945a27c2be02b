"""The reverse process of a prior for a problem: what every diffusion sampler is written in."""

from .cold import cold_chain, revealing_times
from .plug_and_play import denoisers, falling, plug_and_play
from .process import Reverse
from .start import Beginning, Calls, Level, Start, begin

__all__ = ["Beginning", "Calls", "Level", "Reverse", "Start", "begin", "cold_chain", "denoisers", "falling", "plug_and_play",
           "revealing_times"]  # fmt: skip
