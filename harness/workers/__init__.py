"""A process for each framework. In go functions and arguments; out come what they return, raise and tell on the way."""
