"""Reference operators: single-coil Fourier sampling and multi-coil SENSE on a Cartesian grid."""
