"""Addresses of an organisation's administration."""

from django.urls import path

from septima.web.accounts import administration, tokens

app_name = "administration"
urlpatterns = [
    path("", administration.people, name="people"),
    path("people/<int:pk>/", administration.change_member, name="change_member"),
    path("people/<int:pk>/end/", administration.end_membership, name="end_membership"),
    path("people/<int:pk>/reset/", administration.send_reset, name="send_reset"),
    path("invitations/<int:pk>/withdraw/", administration.withdraw, name="withdraw"),
    path("organisation/", administration.organisation, name="organisation"),
    path("organisations/new/", administration.new_organisation, name="new_organisation"),
    path("log/", administration.log, name="log"),
    path("log.csv", administration.log_file, name="log_file"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", tokens.revoke, name="revoke_token"),
]
