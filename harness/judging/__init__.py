"""What a handful of numbers shows. In go samples and a margin; out come intervals, and a word."""
