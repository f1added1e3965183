"""Addresses of actions, within an organisation's."""

from django.urls import path

from septima.web.actions import following, views

app_name = "actions"
urlpatterns = [
    path("", views.mine, name="mine"),
    path("department/", views.department, name="department"),
    path("actions/", following.actions, name="actions"),
    path("actions/new/", following.new, name="new"),
    path("actions/<int:number>/", following.action, name="action"),
    path("actions/<int:number>/edit/", following.edit, name="edit"),
    path("actions/<int:number>/state/", following.move, name="move"),
    path("actions/<int:number>/note/", following.note, name="note"),
]
