"""Ingest: from a source to one table of image–caption pairs; every row not taken is kept with its reason."""
