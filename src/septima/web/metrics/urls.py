"""Addresses of metrics, within an organisation's."""

from django.urls import path

from septima.web.metrics import annotating, paths, subscribing, views

app_name = "metrics"
urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("paths/", paths.overview, name="paths"),
    path("paths/<str:period>/", paths.flow, name="flow"),
    path("subscriptions/", subscribing.subscriptions, name="subscriptions"),
    path("subscriptions/<int:pk>/end/", subscribing.end, name="end_subscription"),
    path("script/<str:version>.js", views.script, name="script"),
    path("of/<str:metric_id>/", views.metric, name="metric"),
    path("of/<str:metric_id>/figures/", views.figures, name="figures"),
    path("of/<str:metric_id>/chart.json", views.specification, name="specification"),
    path("of/<str:metric_id>/export.<str:form>", views.export, name="export"),
    path("of/<str:metric_id>/annotations/", annotating.annotate, name="annotate"),
    path("of/<str:metric_id>/annotations/<int:pk>/", annotating.annotation, name="annotation"),
    path("of/<str:metric_id>/annotations/<int:pk>/delete/", annotating.delete, name="delete_annotation"),
]
