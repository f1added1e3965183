"""Addresses that programs send to."""

from django.urls import path, register_converter

from septima.web.collect import receiving
from septima.web.collect.forms import FORMS


class _FormConverter:
    """A call of the tracking API, written out or by its first letter, as clients in browsers write it."""

    _LETTERS = {name[0]: name for name in ("track", "identify", "page", "screen", "group", "alias", "batch")}
    regex = "|".join([*(name for name in FORMS if name not in {"cloudevents", "sendgrid", "mailgun"}), *_LETTERS])

    def to_python(self, value: str) -> str:
        return self._LETTERS.get(value, value)

    def to_url(self, value: str) -> str:
        return value


register_converter(_FormConverter, "form")
app_name = "receiving"
urlpatterns = [
    path("v1/<form:form>", receiving.messages, name="messages"),
    path("v1/cloudevents", receiving.events, name="events"),
    path("hooks/sendgrid/<str:key>", receiving.sendgrid, name="sendgrid"),
    path("hooks/mailgun/<str:key>", receiving.mailgun, name="mailgun"),
]
