"""Linear evaluation: what a linear classifier, and the nearest neighbours, make of frozen features."""
