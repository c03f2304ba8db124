"""Studies as graphs of stages, a module each."""
