"""The pipeline as a graph of stages, a module a verb. How the runs are carried out is the engine's business.

Every function submits stage runs to an engine (`flows.engine`) and hands their results on without looking at them.
"""
