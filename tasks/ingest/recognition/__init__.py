"""What a path holds, guessed as a person would: by names first, then by a look at the first rows."""
