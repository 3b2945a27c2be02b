"""The core's door to files: safetensors, strict YAML, atomic writes, contained paths; HDF5 that is read has its own in the sdk."""
