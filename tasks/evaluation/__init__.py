"""Evaluation: what a trained model is worth, with intervals.

- `benchmarks/`: a benchmark's folder, checked before anything of it is read;
- `zeroshot/`: classification and retrieval through clip-benchmark, and clip-benchmark's own program;
- `probe/`: linear and nearest-neighbour classification of frozen features;
- `scoring/`: from answers to scores and their intervals;
- `collapse/`: the study of which settings of T-REG collapse.
"""
