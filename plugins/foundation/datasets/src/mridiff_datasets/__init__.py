"""Reference datasets: fastMRI, ISMRMRD, NIfTI and array files, and an embedded scan."""
