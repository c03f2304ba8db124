"""One file a source: each yields accepted pairs and rejections, row by row."""
