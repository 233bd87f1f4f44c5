"""A history of releases: the ratio of each one to an anchor release that is measured in the same process runs."""
