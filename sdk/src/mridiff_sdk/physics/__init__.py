"""Physics that more than one method needs: what a signal or a field is made of."""

from .dipole import DIMS, convolve, dipole_kernel, truncated_inverse

__all__ = ["DIMS", "convolve", "dipole_kernel", "truncated_inverse"]
