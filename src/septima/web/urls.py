"""Addresses of the site.

`/` leads to the person's organisation, `/accounts/` to signing in and one's own account, `/api/v1/` to the interface for
programs, `/s/` to what respondents see, `/l/` along tracked links, `/o/SLUG/` to an organisation.
"""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from septima.web import health
from septima.web.accounts import views as accounts

_ORGANISATION: list[URLPattern | URLResolver] = [
    path("", include("septima.web.scorecards.urls")),
    path("metrics/", include("septima.web.metrics.urls")),
    path("models/", include("septima.web.studies.urls")),
    path("mine/", include("septima.web.actions.urls")),
    path("surveys/", include("septima.web.surveys.urls")),
    path("links/", include("septima.web.tracking.urls")),
    path("customers/", include("septima.web.customers.urls")),
    path("definitions/", include("septima.web.editing.urls")),
    path("data/", include("septima.web.data.urls")),
    path("data/http/", include("septima.web.collect.urls")),
    path("data/schedule/", include("septima.web.schedule.urls")),
    path("administration/", include("septima.web.accounts.administration_urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", accounts.home, name="home"),
    path("preferences/", accounts.preferences, name="preferences"),
    path("password/", accounts.choose_password, name="choose_password"),
    path("theme/", accounts.theme, name="theme"),
    path("sign-in/<str:token>/", accounts.sign_in_by_link, name="sign_in_by_link"),
    path("invitation/<str:token>/", accounts.accept_invitation, name="accept_invitation"),
    path("healthz", health.lives),
    path("readyz", health.is_ready),
    path("metrics", health.metrics),
    # Before the library's own: an address is proven by an invitation and not changed, and forms lead to this site alone.
    path("accounts/email/", RedirectView.as_view(pattern_name="preferences")),
    path("accounts/oidc/<str:provider_id>/login/", accounts.sign_in_by_provider),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("septima.web.api.urls")),
    path("s/", include("septima.web.surveys.public_urls")),
    path("l/", include("septima.web.tracking.public_urls")),
    path("", include("septima.web.collect.public_urls")),
    path("unsubscribe/", include("septima.web.metrics.public_urls")),
    path("o/<slug:organisation>/", include(_ORGANISATION)),
]

handler400 = "septima.web.common.errors.bad_request"
handler403 = "septima.web.common.errors.forbidden"
handler404 = "septima.web.common.errors.not_found"
handler500 = "septima.web.common.errors.broken"
