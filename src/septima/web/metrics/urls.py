"""Addresses of metrics, within an organisation's."""

from django.urls import path

from septima.web.metrics import views

app_name = "metrics"
urlpatterns = [path("", views.catalogue, name="catalogue")]
