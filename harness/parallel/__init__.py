"""Trainings of several processes: started, bound, watched and ended together."""
