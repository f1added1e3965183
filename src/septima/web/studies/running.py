"""Runs of models: begun once, told of while they go, and their findings kept."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import caches

from septima.report.studies.study import Study
from septima.schema import Language
from septima.web.accounts.models import Organisation, User
from septima.web.common.workspaces import definitions_digest
from septima.web.studies.kinds import Kind
from septima.web.work.doing import begin, settle
from septima.web.work.models import Work
from septima.workspace import Workspace


@dataclass(frozen=True)
class Kept:
    """A study as it is kept: for exports, and as a piece of a page."""

    study: Study
    fragment: str


@dataclass(frozen=True)
class Standing:
    """How it stands with what is asked: the finding and its run, or the run that goes on, or the one that ended without any.

    `is_behind` says that the finding is of earlier data.
    """

    run: Work | None
    kept: Kept | None
    active: Work | None
    ended: Work | None
    is_behind: bool


def standing(
    organisation: Organisation, workspace: Workspace, kind: Kind, options: Mapping[str, Any], language: Language
) -> Standing:
    """What there is to show of a model with these options."""
    asked, key = digest_of(kind, options), run_key(workspace, kind, options)
    runs = Work.objects.filter(organisation=organisation, kind=kind_of_work(kind), key__startswith=asked)
    newest = runs.filter(key=key).first()
    if newest is not None:
        settle(newest)
    active = newest if newest is not None and newest.is_active else None
    ended = newest if newest is not None and newest.state in {"failed", "cancelled"} else None
    for run in runs.filter(state="done")[:5]:
        found = kept_study(run, language)
        if found is not None:
            return Standing(run, found, active, ended, run.key != key)
    return Standing(None, None, active, ended, is_behind=False)


def run_model(
    organisation: Organisation, workspace: Workspace, kind: Kind, options: Mapping[str, Any], user: User | None
) -> Work:
    """Have a model run in the background; where the same runs already, that run."""
    key = run_key(workspace, kind, options)
    return begin(organisation, kind_of_work(kind), key, who=user, options=options)


def kind_of_work(kind: Kind) -> str:
    """The kind of work that runs a model."""
    return f"studies.{kind.id}"


def kept_study(run: Work, language: Language) -> Kept | None:
    """What a run found; None where it is no longer kept."""
    return caches["pages"].get(cache_key(run, language))


def cache_key(run: Work, language: Language) -> str:
    """By what the finding of a run is kept."""
    return f"study-{run.organisation_id}-{run.key}-{language}"  # pyright: ignore[reportAttributeAccessIssue]


def digest_of(kind: Kind, options: Mapping[str, Any]) -> str:
    """A digest of what is asked, whatever the data."""
    return _digest(kind.id, json.dumps(options, sort_keys=True, default=str))


def run_key(workspace: Workspace, kind: Kind, options: Mapping[str, Any]) -> str:
    """What is asked, of which data, by which definitions; the same runs once at a time."""
    return f"{digest_of(kind, options)}-{_digest(str(workspace.lake.version), definitions_digest(workspace))}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
