"""Addresses of customers, within an organisation's."""

from django.urls import path

from septima.web.customers import views

app_name = "customers"
urlpatterns = [path("", views.search, name="search")]
