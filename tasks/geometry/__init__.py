"""Neighbour graphs and spanning trees of embeddings, and what their lengths say about a data set."""
