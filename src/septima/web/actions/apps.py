"""The application of actions."""

from django.apps import AppConfig


class ActionsConfig(AppConfig):
    """What a person owns: own KPIs, a department's, and what is to be done about them."""

    name = "septima.web.actions"
    label = "actions"
