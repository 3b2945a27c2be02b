"""Conformance: one list of laws per kind of component, for pytest, for the command line and for plugin authors."""

from .cases import Case, ComponentCase, DatasetCase, NoiseCase, OperatorCase, PriorCase, RecipeCase, SamplerCase
from .check import Check
from .conformance import conformance
from .run import Outcome, checks_for, examine

__all__ = ["Case", "Check", "ComponentCase", "DatasetCase", "NoiseCase", "OperatorCase", "Outcome", "PriorCase", "RecipeCase",
           "SamplerCase", "checks_for", "conformance", "examine"]  # fmt: skip
