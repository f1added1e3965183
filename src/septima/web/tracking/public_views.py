"""What people see who follow a link that leads nowhere."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from septima.web.tracking.models import TrackedLink


@never_cache
@require_safe
def ended(request: HttpRequest, code: str) -> HttpResponse:
    """That there is no such link (404), or that it has ended (410)."""
    was = TrackedLink.objects.filter(code=code.rstrip("/").lower()).exists()
    answer = render(request, "follow/ended.html", {"was": was}, status=410 if was else 404)
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer
