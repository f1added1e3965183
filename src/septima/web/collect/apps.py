"""The application of what comes over HTTP."""

from django.apps import AppConfig


class CollectConfig(AppConfig):
    """Sources with write keys, the inbox, and the way from it to the lake."""

    name = "septima.web.collect"
    label = "collect"
