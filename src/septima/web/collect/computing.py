"""When figures are to be made of what came: soon, and not without a pause where it comes without one."""

from datetime import timedelta

from django.utils import timezone

from septima.lake.store import Lake
from septima.web.accounts.models import Organisation
from septima.web.collect.models import Source
from septima.web.common.workspaces import open_workspace
from septima.web.data.asking import COMPUTE, begin_computing
from septima.web.work.doing import settle
from septima.web.work.models import ACTIVE, Work

LEAST_PAUSE = timedelta(seconds=15)
"""Between two makings. Where one takes long the pause is half as long, so that a third of the worker's time is others'."""


def organisations_that_collect() -> list[Organisation]:
    """Organisations of which some source has brought anything yet."""
    came = Source.objects.exclude(last_at=None).values("organisation").distinct()
    return list(Organisation.objects.filter(pk__in=came))


def compute_what_came(organisation: Organisation) -> Work | None:
    """Have figures made of the data as they are now; None where they are, are being made, or were made just now."""
    works = Work.objects.filter(organisation=organisation, kind=COMPUTE)
    if any(settle(one).is_active and not one.is_late for one in works.filter(state__in=ACTIVE)):
        return None
    last = works.exclude(finished_at=None).exclude(begun_at=None).order_by("-pk").first()
    if last is not None and _is_at_rest(last):
        return None
    lake = open_workspace(organisation).lake
    if last is not None and not _has_changed(lake, last.result.get("data_version")):
        return None
    return begin_computing(organisation, None, lake.version)


def _has_changed(lake: Lake, since: int | None) -> bool:
    """Whether the data have changed since a version; figures that were made of them are no change."""
    return since is None or any(
        "figures" not in lake.commit(version).details for version in range(since + 1, lake.version + 1)
    )


def _is_at_rest(last: Work) -> bool:
    """Whether the pause after it lasts; a clock that was put back ends it."""
    if last.begun_at is None or last.finished_at is None:
        return False
    pause = max(LEAST_PAUSE, (last.finished_at - last.begun_at) / 2)
    return last.finished_at <= timezone.now() < last.finished_at + pause
