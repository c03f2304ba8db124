"""The report of a self-supervised experiment."""
