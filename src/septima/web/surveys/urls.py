"""Addresses of surveys, within an organisation's."""

from django.urls import path

from septima.web.surveys import building_views, link_views, result_views, views

app_name = "surveys"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("new/", views.start, name="start"),
    path("<int:pk>/", building_views.survey, name="survey"),
    path("<int:pk>/state/", views.change_state, name="change_state"),
    path("<int:pk>/words/", building_views.words, name="words"),
    path("<int:pk>/preview/", building_views.preview, name="preview"),
    path("<int:pk>/questions/new/", building_views.add_question, name="add_question"),
    path("<int:pk>/questions/<slug:key>/", building_views.question, name="question"),
    path("<int:pk>/questions/<slug:key>/arrange/", building_views.arrange_question, name="arrange_question"),
    path("<int:pk>/links/", link_views.overview, name="links"),
    path("<int:pk>/links/qr.svg", link_views.qr, name="qr"),
    path("<int:pk>/links/new/", link_views.give_out, name="give_out"),
    path("<int:pk>/links/<int:issue>/", link_views.issue, name="issue"),
    path("<int:pk>/links/<int:issue>/links.csv", link_views.addresses, name="addresses"),
    path("<int:pk>/links/<int:issue>/send/", link_views.send, name="send"),
    path("<int:pk>/results/", result_views.results, name="results"),
    path("<int:pk>/results/answers.csv", result_views.export, name="export"),
    path("<int:pk>/import/", result_views.import_file, name="import"),
    path("<int:pk>/import/<int:file>/", result_views.imported, name="imported"),
    path("<int:pk>/import/<int:file>/load/", result_views.load_import, name="load_import"),
]
