"""How x0 degrades and how a step leads back."""

from .fourier import FourierDiffusion
from .gains import Blur, Box, Gain, Geometric, NestedMasks
from .gaussian import EDM, VE, VP, Chain, Cosine, GaussianDiffusion
from .ladders import geometric, karras, karras_times, linear_beta_times, reach, respaced, spanning, time_travel, uniform
from .langevin import balanced, corrector, langevin, norm
from .noise_sources import Correlated, Masked, NoiseSource, Simplex, white
from .step import RULES, Row, Rule, cold, ddim, ddpm, edm_euler, gan_posterior, heat, renoise, residual, step, ve_ancestral, ve_reverse

__all__ = ["EDM", "RULES", "VE", "VP", "Blur", "Box", "Chain", "Correlated", "Cosine", "FourierDiffusion", "Gain", "GaussianDiffusion",
           "Geometric", "Masked", "NestedMasks", "NoiseSource", "Row", "Rule", "Simplex", "balanced", "cold", "corrector", "ddim", "ddpm",
           "edm_euler", "gan_posterior", "geometric", "heat", "karras", "karras_times", "langevin", "linear_beta_times", "norm", "reach",
           "renoise", "residual", "respaced", "spanning", "step", "time_travel", "uniform", "ve_ancestral", "ve_reverse",
           "white"]  # fmt: skip
