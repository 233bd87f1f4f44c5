"""The first build of a package that differs: a binary search over the builds of the package index."""
