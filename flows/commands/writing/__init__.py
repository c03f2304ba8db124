"""Commands for who writes a configuration: a first one, its fields, and what it will cost."""
