"""Curated data for others' training code: as data sets, and as a choice of tars that exist already."""
