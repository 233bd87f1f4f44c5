"""Statistics without I/O: confidence intervals, verdicts against a margin, and sequential sampling."""
