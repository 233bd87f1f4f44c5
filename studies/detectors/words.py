"""The words of all detectors."""

WORSE, BETTER, SAME, UNDECIDED = "worse", "better", "same", "cannot tell"
