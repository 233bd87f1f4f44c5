"""A process for each framework: functions and arguments go in; results, errors and events come out."""
