"""Self-supervised learning with T-REG: two views of a picture, no captions (*T-REGS*, arXiv 2510.23484)."""
