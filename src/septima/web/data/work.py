"""What each kind of job does."""

from collections.abc import Mapping
from typing import get_args

from django.utils import timezone, translation

from septima.lake.identity import identify
from septima.lake.load import load
from septima.schema import Language, SeptimaError, Text
from septima.web.accounts.audit import note_event
from septima.web.accounts.models import Organisation
from septima.web.common.language import error_text, say
from septima.web.common.workspaces import default_period, open_workspace
from septima.web.data.jobs import Told, Work, start_job
from septima.web.data.mapping_forms import checked_mapping
from septima.web.data.mending import dismissed_ids, mend_many
from septima.web.data.models import Job, Upload
from septima.web.data.uploads import examine, loaded_before, refuse, sweep
from septima.web.data.waiting import Filters
from septima.web.scorecards.cards import refreshed
from septima.web.scorecards.choice import Choice
from septima.web.scorecards.first_page import draw_first_page
from septima.workspace import Workspace

_CARD = Text("Making the card", "Составление карты")


class WorkError(SeptimaError):
    """The work cannot be done."""


def of(kind: str) -> Work:
    """What a job of this kind does; KeyError where there is none."""
    return _KINDS[kind]


def examine_file(job: Job, told: Told) -> None:
    """Look through an uploaded file that is too large to be looked through while its person waits."""
    upload = _upload(job)
    try:
        examine(upload, told)
    except SeptimaError as error:
        if not upload.header:
            refuse(upload, " ".join(error_text(error).split()))  # the file itself cannot be read
        raise
    Upload.objects.filter(pk=upload.pk, state="examining").update(state="mapping")


def load_file(job: Job, told: Told) -> None:
    """Load an uploaded file by its mapping, whole or not at all and once, wherever an earlier attempt was cut off."""
    upload = _upload(job)
    workspace = open_workspace(job.organisation)
    before = workspace.lake.version
    mapping = checked_mapping(upload.mapping, upload.mapping_path, upload.name)
    upload.mapping_path.write_text(upload.mapping, encoding="utf-8")
    done = loaded_before(workspace.lake, upload, upload.mapping)
    if done is not None:
        counts, version = done.details["tables"], done.version
    else:
        result = load(workspace.lake, mapping, progress=told, memory=workspace.settings.memory)
        counts, version = {name: vars(one) for name, one in result.tables.items()}, result.version
    changed = done is not None or version != before
    job.result = {"tables": counts, "version": version, "changed": changed}
    job.save(update_fields=["result"])
    upload.counts, upload.lake_version, upload.finished_at = counts, version, timezone.now()
    upload.state, upload.error = "loaded", ""
    upload.save(update_fields=["counts", "lake_version", "finished_at", "state", "error"])
    note_event(job.organisation, job.user, "upload.loaded", upload.name, version=version, tables=counts)
    sweep()
    if changed:
        start_job(job.organisation, job.user, "compute", once=f"compute-{version}")


def compute_figures(job: Job, told: Told) -> None:
    """Bring the recorded figures up to the data, and make the card anew that people open first."""
    workspace = open_workspace(job.organisation)
    author = str(job.user) if job.user is not None else None
    update = workspace.compute(author=author, progress=told)
    job.result = {
        "series": len(update.series),
        "figures": sum(one.new + one.changed + one.gone for one in update.series),
        "failures": [{"metric": one.metric, "message": one.message[:300]} for one in update.failures[:50]],
        "version": update.version,
    }
    job.save(update_fields=["result"])
    told(_CARD, 0, None)
    try:
        _renew_card(job.organisation, workspace)
    except SeptimaError as error:
        # The figures stand; a card that cannot be made says why on its own page.
        job.result["card"] = " ".join(error_text(error).split())[:500]
        job.save(update_fields=["result"])


def _renew_card(organisation: Organisation, workspace: Workspace) -> None:
    """Bring the card that people open first up to the data, and draw its page in both languages."""
    choice = Choice(default_period(workspace))
    refreshed(organisation, workspace, choice)
    for language in get_args(Language):
        with translation.override(language):
            draw_first_page(organisation, workspace, choice, language)


def find_duplicates(job: Job, told: Told) -> None:
    """Find customers who are one person; of a trial nothing is recorded."""
    workspace = open_workspace(job.organisation)
    trial = bool(job.arguments.get("trial", True))
    found = identify(
        workspace.lake,
        probabilistic=bool(job.arguments.get("probabilistic")),
        region=job.arguments.get("region") or None,
        dry_run=trial,
        author=str(job.user) if job.user is not None else None,
        progress=told,
        memory=workspace.settings.memory,
    )
    job.result = {
        "trial": trial,
        "customers": found.customers,
        "persons": found.persons,
        "merged": dict(found.merged),
        "proposals": len(found.proposals),
        "shared": len(found.shared),
        "refused": found.refused,
        "unread_phones": found.unread_phones,
        "run": found.run,
    }
    job.save(update_fields=["result"])
    if found.run is not None:
        note_event(job.organisation, job.user, "customers.identified", merged=sum(found.merged.values()))


def mend_rows(job: Job, told: Told) -> None:
    """Mend many rows of the quarantine alike, or try them again as they are."""
    arguments = job.arguments
    filters = Filters(**arguments["filters"])
    change = arguments.get("change")
    lake = open_workspace(job.organisation).lake
    mended = mend_many(
        lake,
        filters,
        dismissed_ids(job.organisation),
        change=None if change is None else (change[0], change[1]),
        author=str(job.user) if job.user is not None else "",
        progress=told,
    )
    # Values may be a person's; they are not kept longer than the work needs them.
    job.result, job.arguments = {"passed": mended.passed, "wrong": mended.wrong}, {}
    job.save(update_fields=["result", "arguments"])
    note_event(
        job.organisation,
        job.user,
        "quarantine.mended" if change is not None else "quarantine.retried",
        filters.reason,
        passed=mended.passed,
        wrong=mended.wrong,
    )
    if mended.passed:
        start_job(job.organisation, job.user, "compute", once=f"compute-{lake.version}")


def _upload(job: Job) -> Upload:
    if job.upload is None or not job.upload.path.exists():
        raise WorkError(say("the file is no longer there; upload it again", "файла больше нет; загрузите его ещё раз"))
    return job.upload


_KINDS: Mapping[str, Work] = {
    "examine": examine_file,
    "load": load_file,
    "compute": compute_figures,
    "identify": find_duplicates,
    "mend": mend_rows,
}
