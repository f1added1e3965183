"""The application of editing."""

from django.apps import AppConfig


class EditingConfig(AppConfig):
    """Definitions as forms: drafts, effects, approval, history."""

    name = "septima.web.editing"
    label = "editing"
