"""Scoring models on benchmarks apart from any pipeline."""
