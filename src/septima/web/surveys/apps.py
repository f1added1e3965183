"""The application of surveys."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save


class SurveysConfig(AppConfig):
    """Questionnaires, links, answers and results."""

    name = "septima.web.surveys"
    label = "surveys"

    def ready(self) -> None:
        """Have what respondents' pages remember of a survey forgotten once it changes."""
        from septima.web.surveys.links import forget  # noqa: PLC0415 - models are not there before

        def changed(instance: Any, **_: Any) -> None:
            forget(instance)

        post_save.connect(changed, "surveys.Survey", weak=False, dispatch_uid="surveys.forget")
