"""What all sources that are tables share: columns by what they hold, keys, several captions a row, plans of files."""
