"""What can be known before work starts: every fault at once, a sentence each, named by its field."""
