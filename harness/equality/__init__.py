"""Equality of two implementations: the distances between their results, and the tolerances."""
