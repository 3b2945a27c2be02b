"""DiffINR: a diffusion chain whose estimates meet the data in the weights of a coordinate network."""
