"""Train in several processes of this machine: what `python -m impls.parallel.pytorch` and its siblings run."""
