"""A process that is killed or stopped in the middle of a training, at a step and not after a time."""

import os
from signal import Signals

from harness.equality.trace import Trace, trace
from impls.contract import Implementation, changes_state


@changes_state
def stricken(implementation: Implementation, images, labels, parameters, steps: int, number: int) -> Trace:
    """`trace`, and then the signal of this number."""
    found = trace(implementation, images, labels, parameters, steps)
    os.kill(os.getpid(), Signals(number))
    return found
