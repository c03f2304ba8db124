"""Evaluation: zero-shot classification and retrieval through clip-benchmark, with intervals."""
