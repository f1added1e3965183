"""The application of surveys."""

from django.apps import AppConfig


class SurveysConfig(AppConfig):
    """Questionnaires, links, answers and results."""

    name = "septima.web.surveys"
    label = "surveys"
