"""The application of data."""

from django.apps import AppConfig


class DataConfig(AppConfig):
    """Sources, freshness, uploads, quarantine and long work."""

    name = "septima.web.data"
    label = "data"
