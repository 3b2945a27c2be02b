"""Files from strangers: HDF5 examined before it is read, and a budget of memory."""
