"""The application of customers."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """One customer's whole story; duplicates; export and erasure of a person's data."""

    name = "septima.web.customers"
    label = "customers"
