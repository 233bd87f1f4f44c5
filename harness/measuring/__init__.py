"""How long, and how much memory. In go workers and operations; out come launches, each with its samples."""
