"""Training data: heads and hearts with a clear licence, cut into slices and varied far beyond the few people they come from."""
