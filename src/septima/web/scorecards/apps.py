"""The application of scorecards."""

from django.apps import AppConfig


class ScorecardsConfig(AppConfig):
    """The scorecard and what stands around it: why, goals, processes, journey, comparison, what-if."""

    name = "septima.web.scorecards"
    label = "scorecards"
