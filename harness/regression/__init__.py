"""Version against version: environments of both, what they compute, how fast they are, and a verdict on each."""
