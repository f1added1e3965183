"""Addresses that respondents open, without signing in."""

from django.urls import path

from septima.web.surveys import respond_views

app_name = "respond"
urlpatterns = [
    path("p/<str:token>/", respond_views.personal, name="personal"),
    path("a/<str:token>/", respond_views.anonymous, name="anonymous"),
    path("e/<str:token>/", respond_views.embedded, name="embedded"),
]
