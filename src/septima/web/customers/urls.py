"""Addresses of customers, within an organisation's; a customer stands in them sealed."""

from django.urls import path

from septima.web.customers import erasing, merging, views

app_name = "customers"
urlpatterns = [
    path("", views.search, name="search"),
    path("value/", views.value, name="value"),
    path("value/progress/", views.valuing, name="valuing"),
    path("duplicates/", merging.duplicates, name="duplicates"),
    path("duplicates/undo/", merging.undo, name="undo_search"),
    path("erasures/", erasing.erasures, name="erasures"),
    path("erasures/<int:number>/", erasing.erasure, name="erasure"),
    path("erasures/<int:number>/confirm/", erasing.confirm, name="confirm"),
    path("erasures/<int:number>/certificate.pdf", erasing.certificate_pdf, name="certificate_pdf"),
    path("card/<str:token>/", views.card, name="card"),
    path("card/<str:token>/merge/", merging.compare, name="find_other"),
    path("card/<str:token>/merge/<str:other>/", merging.compare, name="compare"),
    path("card/<str:token>/merge/<str:other>/join/", merging.join, name="join"),
    path("card/<str:token>/merge/<str:other>/apart/", merging.apart, name="apart"),
    path("card/<str:token>/take-apart/", merging.take_apart, name="take_apart"),
    path("card/<str:token>/export/", erasing.export, name="export"),
    path("card/<str:token>/erase/", erasing.erase, name="erase"),
]
