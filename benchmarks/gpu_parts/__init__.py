"""The parts of `benchmarks.gpu`, one question each, in the order of their worth."""
