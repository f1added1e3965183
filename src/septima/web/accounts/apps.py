"""The application of accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and organisations."""

    name = "septima.web.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Note in the log what becomes of accounts."""
        from septima.web.accounts.noting import listen  # noqa: PLC0415 - models are known by now alone

        listen()
