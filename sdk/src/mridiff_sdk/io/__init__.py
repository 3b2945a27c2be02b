"""Files from strangers: HDF5 examined before it is read, weights without code, and a budget of memory."""

from mridiff.io.atomic import contained

from .budget import afford, afford_scan
from .hdf5 import SafeFile, hazard, open_hdf5
from .heaps import check_heaps
from .weights import load_into, read_weights, write_weights

__all__ = ["SafeFile", "afford", "afford_scan", "check_heaps", "contained", "hazard", "load_into", "open_hdf5", "read_weights",
           "write_weights"]  # fmt: skip
