"""The kinds of work on data, and what each does."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from septima.lake.identity import identify
from septima.lake.load import load
from septima.schema import SeptimaError, Text
from septima.web.accounts.audit import note_event
from septima.web.common.workspaces import open_workspace
from septima.web.data.asking import COMPUTE, EXAMINE, IDENTIFY, LOAD, MEND, begin_computing, upload_of
from septima.web.data.mapping_forms import checked_mapping
from septima.web.data.mending import dismissed_ids, mend_many
from septima.web.data.models import Upload
from septima.web.data.uploads import examine, loaded_before, refuse, sweep
from septima.web.data.waiting import Filters
from septima.web.scorecards.first_page import renew_opened_first
from septima.web.work.kinds import Kind, Tell, register
from septima.web.work.models import Work

_CARD = Text("Making the card", "Составление карты")


class WorkError(SeptimaError):
    """The work cannot be done."""


def examine_file(work: Work, tell: Tell) -> dict[str, Any]:
    """Look through an uploaded file that is too large to be looked through while its person waits."""
    upload = _upload(work)
    try:
        examine(upload, tell)
    except SeptimaError as error:
        if not upload.header:
            refuse(upload, error.statement)  # the file itself cannot be read
        raise
    Upload.objects.filter(pk=upload.pk, state="examining").update(state="mapping")
    return {}


def load_file(work: Work, tell: Tell) -> dict[str, Any]:
    """Load an uploaded file by its mapping, whole or not at all and once, wherever an earlier attempt was cut off."""
    upload = _upload(work)
    workspace = open_workspace(work.organisation)
    before = workspace.lake.version
    mapping = checked_mapping(upload.mapping, upload.mapping_path, upload.name)
    upload.mapping_path.write_text(upload.mapping, encoding="utf-8")
    done = loaded_before(workspace.lake, upload, upload.mapping)
    if done is not None:
        counts, version = done.details["tables"], done.version
    else:
        result = load(workspace.lake, mapping, progress=tell, memory=workspace.settings.memory)
        counts, version = {name: vars(one) for name, one in result.tables.items()}, result.version
    changed = done is not None or version != before
    upload.counts, upload.lake_version, upload.finished_at = counts, version, timezone.now()
    upload.state = "loaded"
    upload.save(update_fields=["counts", "lake_version", "finished_at", "state"])
    note_event(work.organisation, work.who, "upload.loaded", upload.name, version=version, tables=counts)
    sweep()
    if changed:
        begin_computing(work.organisation, work.who, version)
    return {"tables": counts, "version": version, "changed": changed}


def compute_figures(work: Work, tell: Tell) -> dict[str, Any]:
    """Bring the recorded figures up to the data, and make the card anew that people open first."""
    workspace = open_workspace(work.organisation)
    author = str(work.who) if work.who is not None else None
    update = workspace.compute(author=author, progress=tell)
    result: dict[str, Any] = {
        "series": len(update.series),
        "figures": sum(one.new + one.changed + one.gone for one in update.series),
        "failures": [{"metric": one.metric, "message": one.message[:300]} for one in update.failures[:50]],
        "version": update.version,
        "data_version": update.data_version,
    }
    tell(_CARD, 0, None)
    try:
        renew_opened_first(work.organisation, workspace)
    except SeptimaError as error:
        # The figures stand; a card that cannot be made says why on its own page.
        result["card"] = [error.statement.en, error.statement.ru]
    return result


def find_duplicates(work: Work, tell: Tell) -> dict[str, Any]:
    """Find customers who are one person; of a trial nothing is recorded."""
    workspace = open_workspace(work.organisation)
    trial = bool(work.options.get("trial", True))
    found = identify(
        workspace.lake,
        probabilistic=bool(work.options.get("probabilistic")),
        region=work.options.get("region") or None,
        dry_run=trial,
        author=str(work.who) if work.who is not None else None,
        progress=tell,
        memory=workspace.settings.memory,
    )
    if found.run is not None:
        note_event(work.organisation, work.who, "customers.identified", merged=sum(found.merged.values()))
    return {
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


def mend_rows(work: Work, tell: Tell) -> dict[str, Any]:
    """Mend many rows of the quarantine alike, or try them again as they are."""
    filters = Filters(**work.options["filters"])
    change = work.options.get("change")
    lake = open_workspace(work.organisation).lake
    mended = mend_many(
        lake,
        filters,
        dismissed_ids(work.organisation),
        change=None if change is None else (change[0], change[1]),
        author=str(work.who) if work.who is not None else "",
        progress=tell,
    )
    # Values may be a person's; they are not kept longer than the work needs them.
    work.options = {}
    work.save(update_fields=["options"])
    note_event(
        work.organisation,
        work.who,
        "quarantine.mended" if change is not None else "quarantine.retried",
        filters.reason,
        passed=mended.passed,
        wrong=mended.wrong,
    )
    if mended.passed:
        begin_computing(work.organisation, work.who, lake.version)
    return {"passed": mended.passed, "wrong": mended.wrong}


def _upload(work: Work) -> Upload:
    upload = upload_of(work)
    if upload is None or not upload.path.exists():
        raise WorkError(
            Text("the file is no longer there; upload it again", "файла больше нет; загрузите его ещё\u00a0раз")
        )
    return upload


def _taken_up(state: str) -> Callable[[Work], bool]:
    """Has an upload wait for its work again; False where its person finished or discarded it meanwhile."""
    return lambda work: bool(Upload.objects.filter(pk=work.options["upload"], state="mapping").update(state=state))


def _given_up(work: Work) -> None:
    """A file that was not looked through or loaded waits for its mapping again."""
    waits = Upload.objects.filter(pk=work.options["upload"], state__in=("loading", "examining"))
    waits.update(state="mapping")


register(Kind(EXAMINE, Text("Look through a file", "Просмотр файла"), examine_file, _taken_up("examining"), _given_up))
register(Kind(LOAD, Text("Load a file", "Загрузка файла"), load_file, _taken_up("loading"), _given_up))
register(
    Kind(
        COMPUTE,
        Text("Compute figures and renew the card", "Вычисление показателей и\u00a0обновление карты"),
        compute_figures,
    )
)
register(Kind(IDENTIFY, Text("Look for duplicates of customers", "Поиск дублей клиентов"), find_duplicates))
register(
    # What was to be written into rows may be a person's.
    Kind(MEND, Text("Mend rows of the quarantine", "Исправление строк карантина"), mend_rows, undone_kept_days=7)
)
