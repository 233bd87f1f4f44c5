"""Do two compute the same? In go arrays and trainings of both; out come distances, and how large they may be."""
