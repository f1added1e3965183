"""Addresses of studies, within an organisation's."""

from django.urls import path

from septima.web.studies import views

app_name = "studies"
urlpatterns = [path("", views.overview, name="overview")]
