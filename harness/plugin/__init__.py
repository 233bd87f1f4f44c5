"""The pytest plugin. In go a command line and tests; out come those that are meant, an exit status, and reports."""
