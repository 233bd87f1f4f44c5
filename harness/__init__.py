"""How the implementations are compared: data, processes, clocks, and the pytest plugin. Imports no framework."""
