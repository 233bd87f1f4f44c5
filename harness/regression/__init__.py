"""Version against version. In go requirements of both; out come environments, and a verdict on each quantity."""
