"""Data-parallel trainings: processes that are started, watched and ended together."""
