"""Global-to-local diffusion model: dynamic MRI with priors that were trained on undersampled series alone."""
