"""Addresses of surveys, within an organisation's."""

from django.urls import path

from septima.web.surveys import views

app_name = "surveys"
urlpatterns = [path("", views.overview, name="overview")]
