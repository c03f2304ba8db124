"""What every study's plan is made of."""

from storage.config import Config


class StudyPlan(Config):
    """The base of a study: a subclass has a `kind`, the study's name, and `settings`, those of its page."""
