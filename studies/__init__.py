"""Experiments whose results the documentation quotes. Nothing imports them but their tests."""
