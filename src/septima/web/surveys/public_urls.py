"""Addresses that respondents open, without signing in."""

from django.urls import URLPattern

app_name = "respond"
urlpatterns: list[URLPattern] = []
