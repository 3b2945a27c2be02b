"""Files from strangers: HDF5 with limits."""
