"""What `benchmarks.scale` is made of: the peers, and the tables."""
