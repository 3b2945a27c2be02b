"""K-space super-resolution: an image at any larger size, by rings of k-space that a network adds from the middle outwards."""
