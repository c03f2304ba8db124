"""Training data that is read from its shards as it is needed."""
