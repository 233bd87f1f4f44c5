"""Everything that is compared of two versions but accuracy, time and memory, by name and in order."""

from harness.regression import numerics, work

CHECKS = {**numerics.NUMERICAL, **work.COUNTED}
