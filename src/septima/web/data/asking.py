"""Asking the background worker for work on data."""

import secrets

from septima.web.accounts.models import Organisation, User
from septima.web.common.access import MemberRequest
from septima.web.data.models import Upload
from septima.web.work.doing import begin
from septima.web.work.models import Work

EXAMINE, LOAD, COMPUTE, IDENTIFY, MEND = "data.examine", "data.load", "data.compute", "data.identify", "data.mend"
"""The kinds of work on data."""


def begin_on(upload: Upload, kind: str, who: User) -> Work:
    """Have an upload looked through or loaded."""
    key, options = f"{kind}-{upload.pk}", {"upload": upload.pk}
    return begin(upload.organisation, kind, key, who=who, subject=upload.name, options=options)


def work_on(upload: Upload, kind: str) -> Work | None:
    """The newest work of a kind on an upload."""
    return Work.objects.filter(organisation=upload.organisation, key=f"{kind}-{upload.pk}").first()


def upload_of(work: Work) -> Upload | None:
    """The upload that work is on."""
    found = Upload.objects.filter(organisation=work.organisation, pk=work.options.get("upload"))
    return found.select_related("organisation", "user").first()


def begin_computing(organisation: Organisation, who: User | None, version: int) -> Work:
    """Have the figures brought up to a version of the lake, once."""
    return begin(organisation, COMPUTE, f"{COMPUTE}-{version}", who=who, once=True)


def key_of_button(request: MemberRequest) -> str:
    """By what the work of a button is told apart: what the page gave to it, so that pressing twice is pressing once."""
    given = request.POST.get("once", "")
    return f"button-{given}" if given.isalnum() and len(given) <= 40 else f"button-{secrets.token_hex(16)}"
