"""Resampling: weights to a reproducible selection, and the selection to curated shards."""
