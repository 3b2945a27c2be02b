"""ELF-Diff: an ensemble that is averaged inside every reverse step, and low frequencies that are mixed over time."""
