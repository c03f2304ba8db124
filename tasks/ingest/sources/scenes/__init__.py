"""Generated captioned pictures with long-tailed concepts, and a uniform test set of them."""
