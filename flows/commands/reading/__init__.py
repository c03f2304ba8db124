"""Commands that read what runs left: status, stories, differences, the answer at a run's end."""
