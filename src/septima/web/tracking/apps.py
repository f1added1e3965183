"""The application of tracked links."""

from django.apps import AppConfig


class TrackingConfig(AppConfig):
    """Tracked links, the redirect, and the way of its hits to the inbox."""

    name = "septima.web.tracking"
    label = "tracking"
