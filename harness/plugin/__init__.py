"""The pytest plugin: options, fixtures, the selection of tests, the exit status, and reports."""
