"""The application of studies."""

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    """Models: lifetime value, attribution, experiments."""

    name = "septima.web.studies"
    label = "studies"
