"""Studies, each by a command of its own."""
