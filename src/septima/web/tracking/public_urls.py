"""Addresses of tracked links; those of links in use are answered before the site is asked."""

from django.urls import path

from septima.web.tracking import public_views

app_name = "follow"
urlpatterns = [path("<str:code>", public_views.ended, name="link")]
