"""The application of what every page stands on."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    """Layout, words, permissions and workspaces."""

    name = "septima.web.common"
    label = "common"
