"""Studies: a folder for each, with its configuration, its science, its figures and what its page says.

A study asks one question of the papers on data, and its last stage writes a page (`tasks.studies.page`). The stages
that it needs on the way are those of other rooms; what only it measures is a stage of its own in `task.py`.
"""
