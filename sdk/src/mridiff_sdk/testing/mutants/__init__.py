"""Deliberately broken subjects: each proves that one check catches the fault that it is there for, and no other check does."""

from .matrix import MUTANTS, SOUND, mutation_matrix
from .mutant import Mutant

__all__ = ["MUTANTS", "SOUND", "Mutant", "mutation_matrix"]
