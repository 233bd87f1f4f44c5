"""Experiments with distillation: its effect on accuracy, and a student that is trained without one of the digits."""
