"""The runtimes of the devices. Each file imports its runtime and NumPy, and no framework."""
