"""The data set: verified files, and lazy arrays."""
