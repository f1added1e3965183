"""Addresses of actions, within an organisation's."""

from django.urls import path

from septima.web.actions import views

app_name = "actions"
urlpatterns = [path("", views.mine, name="mine")]
