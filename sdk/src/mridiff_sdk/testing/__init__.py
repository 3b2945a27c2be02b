"""Conformance: one list of laws per kind of component, for pytest, for the command line and for plugin authors."""

from .automatic.priors import smooth
from .automatic.samplers import MULTI_COIL, SINGLE_COIL, gaussian_problem
from .cases import DOUBLE, SINGLE, Case, ComponentCase, DatasetCase, NoiseCase, OperatorCase, PriorCase, RecipeCase, SamplerCase
from .check import Check
from .closed_form import ClosedForm, Operators, closed_form, measured
from .conformance import conformance
from .reference import Masked
from .run import CHECKS, Outcome, checks_for, examine
from .scans import Shape, cartesian, shapes
from .small import images, short_run, undersampled

__all__ = ["CHECKS", "DOUBLE", "MULTI_COIL", "SINGLE", "SINGLE_COIL", "Case", "Check", "ClosedForm", "ComponentCase", "DatasetCase",
           "Masked", "NoiseCase", "OperatorCase", "Operators", "Outcome", "PriorCase", "RecipeCase", "SamplerCase", "Shape", "cartesian",
           "checks_for", "closed_form", "conformance", "examine", "gaussian_problem", "images", "measured", "shapes", "short_run", "smooth",
           "undersampled"]  # fmt: skip
