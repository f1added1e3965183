"""Addresses of scorecards, within an organisation's."""

from django.urls import path

from septima.web.scorecards import views

app_name = "scorecards"
urlpatterns = [path("", views.card, name="card")]
