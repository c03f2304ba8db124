"""Other regularisers of a batch of embeddings, with T-REG's interface: points `[n, d]` to a scalar to be minimised."""
