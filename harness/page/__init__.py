"""A page to look at. In go results of a run, and verdicts; out comes one file, without a script."""
