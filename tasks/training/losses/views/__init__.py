"""Losses of two views of every picture, `[n, d]` each: what self-supervised methods minimise, as pure functions.

Each takes the whole batch, over ranks what `Ranks.gather` gives, and sums in float32 at least. They are written here
and not taken from lightly, whose values the tests hold them against, because importing its losses brings its models,
its command line and PyTorch Lightning with them.
"""
