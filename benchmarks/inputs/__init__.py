"""Captions and keywords that benchmarks are run on: real ones recombined, and invented ones."""
