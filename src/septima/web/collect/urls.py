"""Addresses of sources that send by themselves, within an organisation's."""

from django.urls import path

from septima.web.collect import views

app_name = "collect"
urlpatterns = [
    path("", views.sources, name="sources"),
    path("new/", views.begin, name="begin"),
    path("again/", views.again, name="again"),
    path("<int:pk>/close/", views.close, name="close"),
]
