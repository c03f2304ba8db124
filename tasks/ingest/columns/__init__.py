"""Whole columns of texts at once, on Arrow's buffers; what needs numba is imported only where rows are read."""
