"""Operators and networks of other projects as parts of ours, known by their methods alone: nothing here imports any of them.

Each operator is given with the two spaces that it maps between. To build one per scan, derive a class and write `for_scan`:

    class Theirs(FromLinop):
        @classmethod
        def for_scan(cls, measured):
            mask, maps = measured.require("mask", "sensitivity_maps")
            return cls([their_operator(mask, maps)], Space(("y", "x"), ...), Space(("coil", "ky", "kx"), ...))
"""

from .linop import FromLinop
from .physics import FromPhysics
from .tuples import FromTuples
from .unet import FromUnet

__all__ = ["FromLinop", "FromPhysics", "FromTuples", "FromUnet"]
