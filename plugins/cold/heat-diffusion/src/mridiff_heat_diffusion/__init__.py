"""Heat diffusion: k-space is interpolated by undoing blur and noise level by level, from a blurred first reconstruction."""
