"""The application of the schedule."""

from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    """What is done by itself and when: rules, what became of them, and their page."""

    name = "septima.web.schedule"
    label = "schedule"
