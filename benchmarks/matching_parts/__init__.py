"""What `benchmarks.matching` is made of: the stage, measured in a process of its own."""
