"""Studies that compare self-supervised trainings: arms over seeds, each probed in the same way."""
