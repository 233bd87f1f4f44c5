"""What runs an artefact on a device: each of these files needs its runtime and NumPy, and no framework."""
