"""Addresses of editing, within an organisation's."""

from django.urls import path

from septima.web.editing import views

app_name = "editing"
urlpatterns = [path("", views.overview, name="overview")]
