"""The first build of a package that computes something else: a binary search over the builds of the package index."""
