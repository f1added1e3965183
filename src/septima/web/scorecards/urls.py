"""Addresses of scorecards, within an organisation's."""

from django.urls import path

from septima.web.scorecards import around, comparing, drilling, reporting, supposing, views

app_name = "scorecards"
urlpatterns = [
    path("", views.card, name="card"),
    path("card/refreshing/", views.refreshing, name="refreshing"),
    path("card/why/", around.why, name="why"),
    path("card/around/<slug:chapter>/", around.chapter, name="chapter"),
    path("card/compare/", comparing.periods, name="compare"),
    path("card/compare/departments/", comparing.departments, name="compare_departments"),
    path("card/what-if/", supposing.what_if, name="what_if"),
    path("card/what-if/save/", supposing.save, name="save_what_if"),
    path("card/reports/", reporting.reports, name="reports"),
    path("card/reports/<int:pk>/", reporting.download, name="download"),
    path("card/of/<slug:perspective>/", drilling.perspective, name="perspective"),
    path("card/of/<slug:perspective>/<slug:kpi>/", drilling.kpi, name="kpi"),
    path("card/of/<slug:perspective>/<slug:kpi>/rows/", drilling.rows, name="rows"),
]
