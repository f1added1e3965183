"""The application of api."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The interface for programs."""

    name = "septima.web.api"
    label = "api"
