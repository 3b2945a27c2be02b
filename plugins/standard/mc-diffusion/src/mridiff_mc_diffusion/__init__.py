"""MC-Diffusion: PET and MR reconstructed together, with one diffusion prior of the pair."""
