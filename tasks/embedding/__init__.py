"""Image and text encoders: every image and caption of a data set encoded once, keyed by id."""
