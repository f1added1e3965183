"""Links to surveys: signed, so that a forged one is refused before anything is looked up, and what they lead to.

A personal link holds a random name of the link, never the customer. The site's key signs it; keys in
SECRET_KEY_FALLBACKS are still taken, so that the key may be changed, and a survey's `link_version` ends all its links.
"""

import time
from collections import OrderedDict
from urllib.parse import urlencode

from django.core import signing
from django.urls import reverse
from django.utils import timezone

from septima.schema import Language
from septima.web.surveys.models import Link, Response, Survey, new_code

_REMEMBERED_FOR_S = 1.0
_MOST_REMEMBERED = 100
_remembered: OrderedDict[str, tuple[float, Survey]] = OrderedDict()
_LINK, _RESPONSE = "septima.surveys.link", "septima.surveys.response"


class LinkError(Exception):
    """The link was forged, ended or taken back."""


def token_of(link: Link) -> str:
    """What stands in the address of a personal link."""
    return signing.Signer(salt=_LINK, sep=".").sign(f"{link.code}.{link.survey.link_version}")


def link_of(token: str) -> Link:
    """The link that a token leads to; LinkError where it was forged, has expired or was taken back."""
    try:
        code, version = signing.Signer(salt=_LINK, sep=".").unsign(token).split(".")
    except (signing.BadSignature, ValueError):
        raise LinkError from None
    link = Link.objects.select_related("survey__organisation", "issue", "response").filter(code=code).first()
    if link is None or version != str(link.survey.link_version):
        raise LinkError
    if link.expires_at is not None and timezone.now() >= link.expires_at:
        raise LinkError
    return link


def address_of(link: Link, origin: str, language: Language | None = None) -> str:
    """The whole address of a personal link; `origin` is the site's, such as `https://example.org`."""
    return _address(origin + reverse("respond:personal", args=[token_of(link)]), language)


def anonymous_address(survey: Survey, origin: str, language: Language | None = None) -> str:
    """The address of the link that anybody may open."""
    return _address(origin + reverse("respond:anonymous", args=[_survey_token(survey)]), language)


def embedded_address(survey: Survey, origin: str) -> str:
    """The address that other sites frame."""
    return origin + reverse("respond:embedded", args=[_survey_token(survey)])


def survey_of(token: str) -> Survey:
    """The survey that an anonymous or an embedded link leads to; LinkError where there is none.

    It is remembered for a second: where many answer at once, finding it costs as much as taking the answer.
    """
    code, _, version = token.partition(".")
    at, survey = _remembered.get(code, (-_REMEMBERED_FOR_S, None))
    now = time.monotonic()
    if survey is None or now - at >= _REMEMBERED_FOR_S:
        # By no order: there is one at most, and ordering costs.
        found = Survey.objects.select_related("organisation").filter(code=code).order_by()
        survey = next(iter(found), None)
        if survey is None:
            raise LinkError
        _remembered[code] = now, survey
        while len(_remembered) > _MOST_REMEMBERED:
            _remembered.popitem(last=False)
    if version != str(survey.link_version):
        raise LinkError
    return survey


def forget(survey: Survey) -> None:
    """Look a survey up anew when it is asked for next, as after a change."""
    _remembered.pop(survey.code, None)


def new_response_token(survey: Survey) -> str:
    """What a respondent without a personal link is known by: a questionnaire that has no row yet."""
    return _response_signer(survey).sign(new_code())


def response_token(survey: Survey, response: Response) -> str:
    """The token of a questionnaire that has a row."""
    return _response_signer(survey).sign(response.code)


def response_code(survey: Survey, token: str) -> str | None:
    """The name of the questionnaire that a token was made for; None where it was forged or belongs to another survey."""
    try:
        return _response_signer(survey).unsign(token)
    except signing.BadSignature:
        return None


def _survey_token(survey: Survey) -> str:
    return f"{survey.code}.{survey.link_version}"


def _response_signer(survey: Survey) -> signing.Signer:
    return signing.Signer(salt=f"{_RESPONSE}.{survey.code}", sep=".")


def _address(address: str, language: Language | None) -> str:
    return f"{address}?{urlencode({'language': language})}" if language else address
