"""Commands that hand data on: exports, and the data set's card."""
