"""Output on the terminal: tables and lines of the results, and the display of progress."""
