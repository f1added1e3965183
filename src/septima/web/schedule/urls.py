"""Addresses of the schedule, within an organisation's."""

from django.urls import path

from septima.web.schedule import views

app_name = "schedule"
urlpatterns = [
    path("", views.rules, name="rules"),
    path("add/", views.add, name="add"),
    path("remove/", views.remove, name="remove"),
    path("now/", views.now, name="now"),
]
