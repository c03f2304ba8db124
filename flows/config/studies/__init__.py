"""Studies as configurations: each its data, its encoders and its settings, told apart by `kind`."""
