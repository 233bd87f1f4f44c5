"""The runtimes of the devices: each file needs its runtime and NumPy, and no framework."""
