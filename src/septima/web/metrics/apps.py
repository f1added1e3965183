"""The application of metrics."""

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    """The catalogue of metrics and each metric's page: chart, slices, annotations, exports, subscriptions."""

    name = "septima.web.metrics"
    label = "metrics"
