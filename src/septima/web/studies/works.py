"""The kinds of work on models."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.cache import caches

from septima.report import study_fragment
from septima.schema import Text
from septima.web.common.workspaces import open_workspace
from septima.web.studies.assigning import ASSIGN, carry_out
from septima.web.studies.kinds import KINDS, Kind
from septima.web.studies.running import Kept, cache_key, kind_of_work
from septima.web.work import kinds
from septima.web.work.kinds import Tell, register
from septima.web.work.models import Work

_DRAWING = Text("Drawing", "Рисуем")


def _computing(kind: Kind) -> Callable[[Work, Tell], Mapping[str, Any]]:
    """Computes what a model is asked, in both languages, and keeps it."""

    def compute(work: Work, tell: Tell) -> dict[str, Any]:
        workspace = open_workspace(work.organisation)
        version = workspace.lake.version
        studies = kind.tell(workspace, work.options, tell)
        tell(_DRAWING, 0, None)
        for language, study in studies.items():
            caches["pages"].set(cache_key(work, language), Kept(study, study_fragment([study], language)), None)
        return {"data_version": version}

    return compute


for _kind in KINDS.values():
    register(kinds.Kind(kind_of_work(_kind), _kind.name, _computing(_kind)))
register(kinds.Kind(ASSIGN, Text("Assign customers to an experiment", "Распределение клиентов по группам"), carry_out))
