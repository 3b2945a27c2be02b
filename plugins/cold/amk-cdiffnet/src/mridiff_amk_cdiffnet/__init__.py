"""AMK-CDiffNet: cold diffusion wholly in k-space, with receptive fields chosen per frequency band."""
