"""Training: balanced contrastive losses, T-REG, heads on frozen embeddings, whole CLIP models, and the loop."""
