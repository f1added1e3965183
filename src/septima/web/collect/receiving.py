"""Addresses that programs send to, without signing in: Segment's HTTP tracking API, CloudEvents, web hooks of mail services.

A 200 says that the database has what came on disk. What is wrong with a request is told by 400, 401, 413 or 429, and by
what to do. While the database or the disk takes nothing it is 503: all that was not acknowledged is to be sent again.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from septima.collect import mail
from septima.collect.bodies import BodyError, unpacked
from septima.collect.mail import SignatureError
from septima.web.collect.forms import FORMS
from septima.web.collect.taking import COME_AGAIN_S, FullError, UnknownKeyError, key_of, source_of, take

logger = logging.getLogger(__name__)
_MOST_HOOK_BYTES = 1_500_000
_ALLOWED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding",
    "Access-Control-Max-Age": "86400",
}


def _receiving(view: Callable[..., int]) -> Callable[..., HttpResponse]:
    """Answer for a view that takes a body: what went well and what did not, to programs of any site."""

    @csrf_exempt
    @require_http_methods(["POST", "OPTIONS"])
    @wraps(view)
    def received(request: HttpRequest, *arguments: str, **named: str) -> HttpResponse:
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers=_ALLOWED)
        try:
            taken = view(request, *arguments, **named)
        except (BodyError, RequestDataTooBig) as error:
            return _refused(400, str(error))
        except (UnknownKeyError, SignatureError) as error:
            return _refused(401, str(error))
        except FullError as error:
            return _refused(429, str(error), come_again=True)
        except (DatabaseError, InterfaceError):
            logger.exception("nothing can be taken just now")
            return _refused(
                503, f"nothing can be taken just now; send it again in {COME_AGAIN_S} seconds", come_again=True
            )
        return JsonResponse({"success": True, "messages": taken}, headers=_ALLOWED)

    return received


@_receiving
def messages(request: HttpRequest, form: str) -> int:
    """A batch of a tracking client, or one message."""
    body = _body(request)
    key = key_of(request) or key_of(request, FORMS[form].messages(body, {}).write_key)
    return take(source_of(key, "tracking"), form, body)


@_receiving
def events(request: HttpRequest) -> int:
    """CloudEvents, one or many."""
    source = source_of(key_of(request) or request.GET.get("key", ""), "tracking")
    headers = {name.lower(): text for name, text in request.headers.items() if name.lower().startswith("ce-")}
    headers["content-type"] = request.content_type or ""
    return take(source, "cloudevents", _body(request), headers)


@_receiving
def sendgrid(request: HttpRequest, key: str) -> int:
    """The event web hook of SendGrid."""
    source, body = source_of(key, "sendgrid"), _body(request, _MOST_HOOK_BYTES)
    signature = request.headers.get("X-Twilio-Email-Event-Webhook-Signature", "")
    timestamp = request.headers.get("X-Twilio-Email-Event-Webhook-Timestamp", "")
    mail.check_sendgrid(body, signature, timestamp, source.signing_key(), datetime.now(UTC))
    return take(source, "sendgrid", body)


@_receiving
def mailgun(request: HttpRequest, key: str) -> int:
    """A web hook of Mailgun."""
    source, body = source_of(key, "mailgun"), _body(request, _MOST_HOOK_BYTES)
    mail.check_mailgun(body, source.signing_key(), datetime.now(UTC))
    return take(source, "mailgun", body)


def _body(request: HttpRequest, most: int | None = None) -> bytes:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    return unpacked(request.body, encoding, **({} if most is None else {"most": most}))


def _refused(status: int, reason: str, *, come_again: bool = False) -> JsonResponse:
    headers = {**_ALLOWED, **({"Retry-After": str(COME_AGAIN_S)} if come_again else {})}
    return JsonResponse({"success": False, "error": {"message": reason}}, status=status, headers=headers)
