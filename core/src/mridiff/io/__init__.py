"""The only door to files: HDF5 with limits, safetensors, strict YAML, atomic writes, contained paths."""
