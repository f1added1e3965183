"""How the site is, for what watches it: whether it lives, whether it can work, and figures for Prometheus."""

import os
import secrets
import shutil
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max, Min, Sum
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from septima.web.collect.models import Parcel
from septima.web.surveys.models import Arrival
from septima.web.work.models import Work

_LEAST_FREE_BYTES = 64 << 20
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
TOKEN = "SEPTIMA_METRICS_TOKEN"  # noqa: S105 - the name of a variable
"""What a watcher on another machine sends as a bearer token, where this variable of the environment holds it."""


def lives(_: HttpRequest) -> HttpResponse:
    """Whether the process answers at all."""
    return JsonResponse({"status": "ok"})


def is_ready(_: HttpRequest) -> HttpResponse:
    """Whether it can work: 503, with what is wrong, where the database, the disk or a migration keeps it from that."""
    wrong = [said for said in (_wrong_with_database(), _wrong_with_disk()) if said]
    return JsonResponse({"status": "not ready" if wrong else "ok", "wrong": wrong}, status=503 if wrong else 200)


def metrics(request: HttpRequest) -> HttpResponse:
    """Figures of what waits and what failed, by organisation; for this machine itself, or for who has the token."""
    if not _may_watch(request):
        raise Http404
    return HttpResponse(generate_latest(_measured()), content_type=CONTENT_TYPE_LATEST)


def _may_watch(request: HttpRequest) -> bool:
    token = os.environ.get(TOKEN, "")
    given = request.headers.get("Authorization", "")
    if token and secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    # What a proxy on this machine passes on is not from this machine.
    return request.META.get("REMOTE_ADDR") in _LOOPBACK and "X-Forwarded-For" not in request.headers


def _wrong_with_database() -> str:
    try:
        executor = MigrationExecutor(connection)
    except DatabaseError:
        return "the database does not answer"
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return "the database is of an earlier version of the program: begin `septima serve` anew, which brings it up"
    return ""


def _wrong_with_disk() -> str:
    folder = Path(settings.SITE_FOLDER)
    if not os.access(folder, os.W_OK):
        return "the folder of the site cannot be written to"
    if shutil.disk_usage(folder).free < _LEAST_FREE_BYTES:
        return "the disk is full"
    return ""


def _measured() -> CollectorRegistry:
    """What waits and what failed, counted now."""
    registry, now = CollectorRegistry(), timezone.now()

    def gauge(name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"septima_{name}", meaning, labels, registry=registry)

    messages = gauge("messages_waiting", "Messages taken over HTTP that are not in the lake yet", "organisation")
    oldest = gauge("oldest_message_age_seconds", "Age of the oldest of them", "organisation")
    aside = gauge("parcels_aside", "Parcels that could not be brought to the lake and were left aside", "organisation")
    parcels = Parcel.objects.values("source__organisation__slug")
    for slug, sent, since in (
        parcels.filter(problem="")
        .annotate(sum=Sum("messages"), first=Min("received_at"))
        .values_list("source__organisation__slug", "sum", "first")
    ):
        messages.labels(slug).set(sent)
        oldest.labels(slug).set((now - since).total_seconds())
    for slug, number in (
        parcels.exclude(problem="").annotate(number=Count("pk")).values_list("source__organisation__slug", "number")
    ):
        aside.labels(slug).set(number)
    answers = gauge("answers_waiting", "Questionnaires that are not in the lake yet", "organisation")
    for slug, number in (
        Arrival.objects.values("survey__organisation__slug")
        .annotate(number=Count("pk"))
        .values_list("survey__organisation__slug", "number")
    ):
        answers.labels(slug).set(number)
    works = gauge("works", "Pieces of background work by kind and state", "organisation", "kind", "state")
    ended = gauge("work_last_done_timestamp_seconds", "When work of a kind was last done", "organisation", "kind")
    by_kind = Work.objects.values("organisation__slug", "kind", "state").annotate(
        number=Count("pk"), last=Max("finished_at")
    )
    for slug, kind, state, number, last in by_kind.values_list("organisation__slug", "kind", "state", "number", "last"):
        works.labels(slug, kind, state).set(number)
        if state == "done" and isinstance(last, datetime):
            ended.labels(slug, kind).set(last.timestamp())
    return registry
