"""Training images: heads with a clear licence, cut into slices and varied far beyond the few people they come from."""
