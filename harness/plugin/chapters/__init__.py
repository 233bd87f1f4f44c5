"""The chapters of the suite; each file is one, and a pytest plugin."""
