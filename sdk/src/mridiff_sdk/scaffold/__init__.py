"""Scaffold: `mridiff new`, a package that keeps every law from its first minute."""

from .package import KINDS, Package

__all__ = ["KINDS", "Package"]
