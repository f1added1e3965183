"""Runs of models: begun once, told of while they go, and their findings kept."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import caches
from django.db import IntegrityError, transaction
from django.utils import timezone

from septima.report import study_fragment
from septima.report.studies.study import Study
from septima.schema import Language, SeptimaError, Text
from septima.web.accounts.models import Organisation, User
from septima.web.common.workspaces import definitions_digest, open_workspace
from septima.web.studies.kinds import KINDS, Kind
from septima.web.studies.models import ACTIVE, Run
from septima.workspace import Workspace

_TELL_EVERY_SECONDS = 0.7
_BROKEN = Text(
    "The computation broke on our side; the administrator finds the cause in the log of the worker.",
    "Расчёт сломался у\u00a0нас; причину администратор найдёт в\u00a0журнале фоновых работ.",
)


@dataclass(frozen=True)
class Kept:
    """A study as it is kept: for exports, and as a piece of a page."""

    study: Study
    fragment: str


@dataclass(frozen=True)
class Standing:
    """How it stands with what is asked: the finding and its run, or the one that goes on, or the one that failed.

    `is_behind` says that the finding is of earlier data.
    """

    run: Run | None
    kept: Kept | None
    active: Run | None
    failed: Run | None
    is_behind: bool


def standing(
    organisation: Organisation, workspace: Workspace, kind: Kind, options: Mapping[str, Any], language: Language
) -> Standing:
    """What there is to show of a model with these options."""
    asked, key = digest_of(kind, options), run_key(workspace, kind, options)
    runs = Run.objects.filter(organisation=organisation, kind=kind.id, asked=asked)
    newest = runs.filter(key=key).first()
    active = newest if newest is not None and newest.is_active else None
    failed = newest if newest is not None and newest.state == "failed" else None
    for run in runs.filter(state="done")[:5]:
        found = kept_study(run, language)
        if found is not None:
            return Standing(run, found, active, failed, run.key != key)
    return Standing(None, None, active, failed, is_behind=False)


def begin(
    organisation: Organisation, workspace: Workspace, kind: Kind, options: Mapping[str, Any], user: User | None
) -> Run:
    """Have a model run in the background; where the same runs already, that run."""
    from septima.web.studies.tasks import run_model  # noqa: PLC0415 - the task uses this module

    key = run_key(workspace, kind, options)
    active = Run.objects.filter(organisation=organisation, key=key, state__in=ACTIVE)
    for lost in active:
        if not lost.is_active:
            Run.objects.filter(pk=lost.pk).update(state="failed", error_en=_LOST.en, error_ru=_LOST.ru)
    try:
        with transaction.atomic():
            run = Run.objects.create(
                organisation=organisation,
                kind=kind.id,
                options=dict(options),
                asked=digest_of(kind, options),
                key=key,
                data_version=workspace.lake.version,
                started_by=user,
            )
    except IntegrityError:
        return active.get()
    run_model.enqueue(run.pk)
    run.refresh_from_db()
    return run


def carry_out(run: Run) -> None:
    """Compute what a run asks for, in both languages, and keep it; a mistake of data or options is told in the run."""
    if not Run.objects.filter(pk=run.pk, state="waiting").update(state="running", told_at=timezone.now()):
        return  # somebody else took it, or it was given up
    told = 0.0

    def progress(step: Text, done: int, whole: int | None) -> None:
        nonlocal told
        if time.monotonic() - told > _TELL_EVERY_SECONDS:
            told = time.monotonic()
            said = {"step_en": step.en[:200], "step_ru": step.ru[:200], "done": done, "whole": whole}
            Run.objects.filter(pk=run.pk).update(told_at=timezone.now(), **said)

    try:
        studies = KINDS[run.kind].tell(open_workspace(run.organisation), run.options, progress)
        progress(Text("Drawing", "Рисуем"), 0, None)
        for language, study in studies.items():
            caches["pages"].set(_cache_key(run, language), Kept(study, study_fragment([study], language)), None)
    except SeptimaError as error:
        _fail(run, error.statement)
    except BaseException:
        _fail(run, _BROKEN)
        raise
    else:
        Run.objects.filter(pk=run.pk).update(state="done", finished_at=timezone.now(), told_at=timezone.now())


def kept_study(run: Run, language: Language) -> Kept | None:
    """What a run found; None where it is no longer kept."""
    return caches["pages"].get(_cache_key(run, language))


def digest_of(kind: Kind, options: Mapping[str, Any]) -> str:
    """A digest of what is asked, whatever the data."""
    return _digest(kind.id, json.dumps(options, sort_keys=True, default=str))


def run_key(workspace: Workspace, kind: Kind, options: Mapping[str, Any]) -> str:
    """A digest of what is asked, of which data, by which definitions."""
    return _digest(digest_of(kind, options), str(workspace.lake.version), definitions_digest(workspace))


_LOST = Text(
    "The background worker stopped before this was done; start it again.",
    "Фоновый исполнитель остановился раньше времени; запустите расчёт снова.",
)


def _fail(run: Run, said: Text) -> None:
    now = timezone.now()
    Run.objects.filter(pk=run.pk).update(
        state="failed", error_en=said.en, error_ru=said.ru, finished_at=now, told_at=now
    )


def _cache_key(run: Run, language: Language) -> str:
    return f"study-{run.organisation.pk}-{run.key}-{language}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
