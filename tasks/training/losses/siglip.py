"""SigLIP's sigmoid loss (Zhai et al. 2023, arXiv 2303.15343), as open_clip has it: pairs judged one by one.

It has the contract of `BalancedClipLoss` and needs a model with a logit bias.
"""

from open_clip.loss import SigLipLoss

__all__ = ["SigLipLoss"]
