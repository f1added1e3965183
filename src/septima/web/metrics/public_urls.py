"""Addresses of metrics that work without signing in."""

from django.urls import path

from septima.web.metrics import subscribing

urlpatterns = [path("<str:token>/", subscribing.unsubscribe, name="metric_unsubscribe")]
