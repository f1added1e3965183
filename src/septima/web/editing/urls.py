"""Addresses of editing, within an organisation's."""

from django.urls import path

from septima.web.editing import drafting, reviewing, views

app_name = "editing"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("new/metrics/", views.begin_metrics, name="begin_metrics"),
    path("drafts/<int:pk>/", reviewing.draft, name="draft"),
    path("drafts/<int:pk>/form/", drafting.form, name="form"),
    path("drafts/<int:pk>/preview/", drafting.preview, name="preview"),
    path("drafts/<int:pk>/text/", drafting.text, name="text"),
    path("drafts/<int:pk>/add/", drafting.add, name="add"),
    path("drafts/<int:pk>/effect/", reviewing.effect, name="effect"),
    path("drafts/<int:pk>/submit/", reviewing.submit, name="submit"),
    path("drafts/<int:pk>/withdraw/", reviewing.withdraw, name="withdraw"),
    path("drafts/<int:pk>/reopen/", reviewing.reopen, name="reopen"),
    path("drafts/<int:pk>/rebase/", reviewing.rebase, name="rebase"),
    path("drafts/<int:pk>/approve/", reviewing.approve, name="approve"),
    path("drafts/<int:pk>/reject/", reviewing.reject, name="reject"),
    path("files/<path:name>/edit/", views.edit, name="edit"),
    path("files/<path:name>/versions/<int:number>/restore/", views.restore, name="restore"),
    path("files/<path:name>/versions/<int:number>/", views.version, name="version"),
    path("files/<path:name>/", views.file, name="file"),
]
