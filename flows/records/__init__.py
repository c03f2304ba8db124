"""What a run leaves, and what is read from it: its results' folder, its lineage and events, the book of runs."""
