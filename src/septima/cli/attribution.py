"""What the command `attribution` computes and prints."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from septima.chapters.attribution import attribution_answer
from septima.cli.output import FrameFormat, print_frame, print_json, progress
from septima.cli.studies import print_study, write_study
from septima.metrics.attribution import CompanyAttribution
from septima.metrics.attribution_calibration import Calibration
from septima.metrics.attribution_paths import KINDS
from septima.metrics.attribution_sums import COLUMNS, By, Scope
from septima.models.attribution.markov import Order
from septima.models.attribution.results import Attribution
from septima.models.attribution.words import METHODS, WORTHS, Method, Worth
from septima.report.studies.attribution import Value
from septima.schema import TABLES, Language, SeptimaError
from septima.schema.spoken import spoken

if TYPE_CHECKING:
    from septima.workspace import Workspace

VALUES = ("revenue", "conversions")
ALL = "all"
_ORDERS: dict[str, Order] = {"auto": "auto", "1": 1, "2": 2, "3": 3, "4": 4}


def run_attribution(
    workspace: "Workspace",
    language: Language,
    form: FrameFormat,
    report: Path | None,
    *,
    method: str,
    by: str,
    window: int,
    order: str,
    value: str,
    kinds: Sequence[str],
    worth: str,
    since: str | None,
    until: str | None,
) -> None:
    """Compute the attribution and print it."""
    methods = _methods(method)
    shown = cast(Value, _one_of("--value", value, VALUES))
    for kind in kinds:
        _one_of("--kind", kind, TABLES["touches"].column("kind").choices)
    scope = Scope(cast(By, _one_of("--by", by, tuple(COLUMNS))), window, tuple(kinds) or KINDS)
    chosen = _ORDERS[_one_of("--order", order, tuple(_ORDERS))]
    game = cast(Worth, _one_of("--worth", worth, WORTHS))
    with progress(workspace.settings.language) as step:
        answer = attribution_answer(
            workspace,
            language,
            scope,
            methods=methods,
            order=chosen,
            worth=game,
            start=since,
            end=until,
            value=shown,
            progress=step,
        )
    if form is FrameFormat.json:
        print_json(attribution_record(answer.found, language))
    else:
        print_frame(answer.found.frame(), form, lambda _: print_study(answer.study))
    write_study(workspace, answer.study, language, report)


def attribution_record(found: CompanyAttribution, language: Language) -> dict[str, object]:
    """Everything that was found, for programs; words are in `language`."""
    rest = found.attributions
    return {
        "by": found.scope.by,
        "window_days": found.scope.window_days,
        "kinds": list(found.scope.kinds),
        "start": found.start,
        "end": found.end,
        "currency": found.currency,
        "coverage": vars(found.coverage),
        "unattributed": {"conversions": rest.unattributed_conversions, "value": rest.unattributed_value},
        "members": found.members.to_dict(orient="records"),
        "methods": {name: _method_record(one, language) for name, one in rest.methods.items()},
        "calibrations": {name: _calibration_record(one, language) for name, one in found.calibrations.items()},
        "statements": spoken(found.statements, language),
    }


def _method_record(one: Attribution, language: Language) -> dict[str, object]:
    frame: Any = one.frame().drop(columns="method")
    record: dict[str, object] = {
        "name": one.name.in_language(language),
        "source": one.source,
        "assumptions": spoken(one.assumptions, language),
        "statements": spoken(one.statements, language),
        "channels": frame.to_dict(orient="records"),
    }
    if one.markov is not None:
        record["markov"] = {
            "order": one.markov.order,
            "conversion_probability": one.markov.conversion_probability,
            "scores": [vars(score) for score in one.markov.scores],
            "transitions": one.markov.transition_matrix().to_dict(orient="records"),
        }
    if one.shapley is not None:
        game = one.shapley
        record["shapley"] = {**vars(game), "standard_errors": game.standard_errors.tolist()}
    return record


def _calibration_record(one: Calibration, language: Language) -> dict[str, object]:
    return {
        "channels": one.frame.to_dict(orient="records"),
        "base": one.base,
        "base_share": one.base_share,
        "assumptions": spoken(one.assumptions, language),
    }


def _methods(given: str) -> Sequence[Method]:
    if given == ALL:
        return METHODS
    return [cast(Method, _one_of("--method", given, (*METHODS, ALL)))]


def _one_of(option: str, given: str, known: Sequence[str]) -> str:
    if given not in known:
        raise SeptimaError(f"{option} {given!r} is not known; write one of: {', '.join(known)}")
    return given
