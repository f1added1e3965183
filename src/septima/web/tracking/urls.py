"""Addresses of tracked links, within an organisation's."""

from django.urls import path

from septima.web.tracking import host_views, link_views, views

app_name = "tracking"
urlpatterns = [
    path("", views.links, name="links"),
    path("table/", views.table, name="table"),
    path("links.csv", views.file, name="file"),
    path("import/", views.take, name="take"),
    path("new/", link_views.new, name="new"),
    path("preview/", link_views.preview, name="preview"),
    path("hosts/", host_views.hosts, name="hosts"),
    path("hosts/<int:pk>/forbid/", host_views.forbid, name="forbid"),
    path("<int:pk>/", link_views.link, name="link"),
    path("<int:pk>/change/", link_views.change, name="change"),
    path("<int:pk>/archive/", link_views.archive, name="archive"),
    path("<int:pk>/qr.<str:kind>", link_views.qr, name="qr"),
    path("<int:pk>/addresses/", link_views.addresses, name="addresses"),
]
