"""The forms that a curated set is written in, a file each."""
