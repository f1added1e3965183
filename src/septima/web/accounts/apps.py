"""The application of accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and organisations."""

    name = "septima.web.accounts"
    label = "accounts"
