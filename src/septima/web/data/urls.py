"""Addresses of data, within an organisation's."""

from django.urls import path

from septima.web.data import views

app_name = "data"
urlpatterns = [path("", views.overview, name="overview")]
