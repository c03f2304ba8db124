"""Tars of samples: their members in one pass, and members that share a key."""
