"""Reporting: what a run did and what it bought, as one self-contained page, figures, a summary and a lineage."""
