"""The core's door to files: strict YAML, atomic writes, contained paths; HDF5 and weights are read by the sdk."""
