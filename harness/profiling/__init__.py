"""Profiles of the operations of a variant: the time of a call by kind of work."""
