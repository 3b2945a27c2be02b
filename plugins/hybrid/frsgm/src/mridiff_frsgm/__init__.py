"""FRSGM: ADMM whose prior is a score and a denoiser in turn, and whose k-space agrees with itself by what each scan teaches."""
