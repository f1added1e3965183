"""Addresses of data, within an organisation's."""

from django.urls import path

from septima.web.data import quarantine_views as quarantine
from septima.web.data import upload_views as uploads
from septima.web.data import views
from septima.web.data import work_views as work

app_name = "data"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("loads/", views.loads, name="loads"),
    path("upload/", uploads.upload, name="upload"),
    path("upload/<int:pk>/", uploads.mapping, name="mapping"),
    path("upload/<int:pk>/guess/", uploads.guess, name="guess"),
    path("upload/<int:pk>/keep/", uploads.keep, name="keep"),
    path("upload/<int:pk>/load/", uploads.load, name="load"),
    path("upload/<int:pk>/discard/", uploads.drop, name="discard"),
    path("mappings/<int:pk>/delete/", uploads.forget, name="forget"),
    path("quarantine/", quarantine.quarantine, name="quarantine"),
    path("quarantine/export.csv", quarantine.export, name="export"),
    path("quarantine/alike/", quarantine.bulk, name="bulk"),
    path("quarantine/again/", quarantine.retry_all, name="retry_all"),
    path("quarantine/dismiss/", quarantine.dismiss_some, name="dismiss"),
    path("quarantine/restore/", quarantine.restore_some, name="restore"),
    path("quarantine/<slug:entry>/", quarantine.entry, name="entry"),
    path("quarantine/<slug:entry>/mend/", quarantine.mend, name="mend"),
    path("work/", work.works, name="works"),
    path("work/compute/", work.compute, name="compute"),
    path("work/identify/", work.identify, name="identify"),
    path("work/<int:pk>/", work.work, name="work"),
    path("work/<int:pk>/progress/", work.progress, name="progress"),
    path("work/<int:pk>/cancel/", work.cancel, name="cancel"),
    path("work/<int:pk>/retry/", work.retry, name="retry"),
]
