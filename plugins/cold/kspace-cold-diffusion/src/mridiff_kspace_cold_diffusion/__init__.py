"""K-space cold diffusion: reconstruction by undoing undersampling step by step, without noise."""
