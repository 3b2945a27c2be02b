"""Files from strangers: HDF5 examined before it is read, weights without code, and a budget of memory."""
