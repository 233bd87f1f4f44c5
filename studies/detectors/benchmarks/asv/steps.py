"""The benchmark of asv: the step, built by `setup`."""

from studies.detectors.step import step


class Step:
    """Times the step, with asv's defaults but those that `-a` sets."""

    def setup(self):
        """Build the network."""
        self.step = step()

    def time_step(self):
        """Make one step."""
        self.step()
