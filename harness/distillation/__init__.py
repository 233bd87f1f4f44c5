"""Networks that learn from another: what a teacher is worth, and what it can teach of a digit that it never shows."""
