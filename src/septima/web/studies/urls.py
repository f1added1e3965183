"""Addresses of studies, within an organisation's."""

from django.urls import path

from septima.web.studies import experimenting, views

app_name = "studies"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("experiments/", experimenting.experiments, name="experiments"),
    path("experiments/assign/", experimenting.assignment, name="assignment"),
    path("experiments/assign/<int:pk>/", experimenting.assigning, name="assigning"),
    path("experiments/of/<str:experiment>/", views.experiment, name="experiment"),
    path("runs/<int:pk>/", views.run, name="run"),
    path("runs/<int:pk>/stop/", views.stop, name="stop"),
    path("runs/<int:pk>/export.<str:form>", views.export, name="export"),
    path("<str:kind>/", views.study, name="study"),
]
