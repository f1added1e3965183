"""The application of background work."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class WorkConfig(AppConfig):
    """Work that takes long: begun once, told of while it goes on, taken up again where its worker died."""

    name = "septima.web.work"
    label = "work"

    def ready(self) -> None:
        """Let every application say, in its module `works`, what kinds of work it has."""
        autodiscover_modules("works")
