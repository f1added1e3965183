"""Addresses of an organisation's administration."""

from django.urls import path

from septima.web.accounts import administration

app_name = "administration"
urlpatterns = [path("", administration.people, name="people")]
