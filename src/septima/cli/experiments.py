"""What the commands about experiments read, keep and print."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from septima.cli.figures import percent, told
from septima.cli.options import share_of
from septima.cli.output import Format, console, print_json, print_rows, progress, say, spoken
from septima.metrics.estimated import Estimated
from septima.metrics.experiment_analysis import Analysis, Correction, Effect, analyse
from septima.metrics.experiment_assignment import Assigned, Eligible, arm_counts, assign
from septima.metrics.experiment_check import Check, Finding, check
from septima.metrics.experiment_design import (
    CONTROL,
    CONTROL_SHARE,
    GLOBAL_CONTROL,
    TREATED,
    Design,
    ExperimentError,
    HeldOut,
    read_design,
    write_design,
)
from septima.metrics.experiment_outcomes import OUTCOMES, Window
from septima.metrics.experiment_plan import Plan, plan
from septima.models.incrementality import EXPECTED_CUSTOMERS
from septima.report.number_forms import number_style, plain
from septima.schema import Language, SeptimaError, Text
from septima.scorecard.card import Figure

if TYPE_CHECKING:
    from septima.workspace import Workspace

_UNITS = {"revenue": "currency", "orders": "ratio", "buyers": "share", "visits": "ratio", "visitors": "share"}
_MARKS = {"fine": "✓", "note": "·", "warning": "!", "broken": "✗"}
_CSV, _XLSX = ".csv", ".xlsx"
_SHEET_ROWS = 1_048_575
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = r"^[+-]?[0-9 ().]+$"

_W: Mapping[str, Text] = {
    "outcome": Text("outcome", "показатель"),
    "days": Text("days", "дней"),
    "customers": Text("customers", "клиентов"),
    "mean": Text("mean", "среднее"),
    "deviation": Text("deviation", "разброс"),
    "cuped": Text("CUPED takes", "снимает CUPED"),
    "detectable": Text("smallest effect", "наименьший эффект"),
    "relative": Text("relative", "относительный"),
    "needed": Text("customers needed", "нужно клиентов"),
    "control_share": Text("control", "контрольная доля"),
    "arm": Text("arm", "группа"),
    "planned": Text("planned", "план"),
    "share": Text("share", "доля"),
    "added": Text("added", "добавлено"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "always": Text("always-valid", "постоянно действующий"),
    "control_mean": Text("control", "контроль"),
    "treated_mean": Text("arm’s mean", "группа в\u00a0среднем"),
    "difference": Text("difference", "разность"),
    "total": Text("in all", "всего"),
    "p": Text("p", "p"),
    "covariate": Text("before the experiment", "до\u00a0эксперимента"),
    "standardised": Text("difference, SD", "разность, СКО"),
    "month": Text("month", "месяц"),
    "growth": Text("growth", "прирост"),
}


def plan_experiment(
    workspace: "Workspace",
    language: Language,
    form: Format,
    *,
    effect: str | None,
    control: str,
    arms: int,
    power: str,
    before_days: int,
    segments: Sequence[str],
    consent: bool,
) -> None:
    """Print the plan of an experiment from the company's own past."""
    made = plan(
        workspace.request(),
        effect=None if effect is None else share_of(effect, "--effect"),
        control_share=share_of(control, "--control"),
        arms=arms,
        power=share_of(power, "--power"),
        before_days=before_days,
        eligible=Eligible(tuple(segments), consent),
    )
    if form is Format.json:
        print_json(spoken(made, language))
        return
    _print_plan(made, language)


def assign_experiment(
    workspace: "Workspace",
    language: Language,
    form: Format,
    *,
    experiment: str,
    control: str | None,
    arms: Sequence[str],
    by: Sequence[str],
    salt: str | None,
    segments: Sequence[str],
    consent: bool,
    at: datetime | None,
    export: Path | None,
    columns: Sequence[str],
) -> None:
    """Put customers into arms, keep the design, write the list for the mailing tool and print the counts."""
    if export is not None and export.suffix.lower() not in (_CSV, _XLSX):
        raise SeptimaError(f"{export}: the list is written as CSV or XLSX; name a file that ends in {_CSV} or {_XLSX}")
    moment = (at or datetime.now(UTC)).replace(tzinfo=None)
    held = read_design(workspace.directory, GLOBAL_CONTROL)
    design = _design(workspace, experiment, control, arms, by, salt, held)
    with progress(workspace.settings.language) as report:

        def put(one: Design, who: Eligible) -> Assigned:
            memory = workspace.settings.memory
            return assign(
                workspace.lake, workspace.request(), one, at=moment, eligible=who, progress=report, memory=memory
            )

        if held is not None and experiment != GLOBAL_CONTROL:
            put(held, Eligible())  # so that newcomers stand in it before any campaign reaches them
        done = _put_by(workspace, design, lambda: put(design, Eligible(tuple(segments), consent)))
    listed = None if export is None else _export(workspace, experiment, export, columns)
    if form is Format.json:
        print_json(
            {
                "experiment": experiment,
                "arms": [asdict(arm) for arm in done.arms],
                "added": done.added,
                "held_out": done.held_out,
                "export": None if export is None else str(export),
                "exported": listed,
            }
        )
        return
    _print_assigned(done, language)
    if export is not None:
        say(f"{export}: {plain(listed, 0, language)}")


def check_experiment(
    workspace: "Workspace",
    language: Language,
    form: Format,
    *,
    experiment: str,
    control: str,
    shares: Sequence[str],
    campaigns: Sequence[str],
    days: int,
    before_days: int,
) -> None:
    """Print whether an experiment was run as planned."""
    found = check(
        workspace.request(),
        experiment,
        control=control,
        shares=_planned(workspace, experiment, shares),
        campaigns=campaigns,
        window=Window(days, before_days),
        unresolved=workspace.tables(resolved=False),
    )
    if form is Format.json:
        print_json(spoken(found, language) | {"sound": found.sound})
        return
    _print_check(found, language)


def analyse_experiment(
    workspace: "Workspace",
    language: Language,
    form: Format,
    *,
    experiment: str,
    control: str,
    shares: Sequence[str],
    campaigns: Sequence[str],
    days: int,
    before_days: int,
    correction: str,
    expected: int | None,
) -> None:
    """Print what an experiment brought."""
    known: dict[str, Correction] = {"holm": "holm", "bh": "benjamini_hochberg"}
    if correction not in known:
        raise SeptimaError(f"there is no correction {correction!r}; write one of: {', '.join(known)}")
    found = analyse(
        workspace.request(),
        experiment,
        control=control,
        shares=_planned(workspace, experiment, shares),
        campaigns=campaigns,
        window=Window(days, before_days),
        correction=known[correction],
        expected_customers=EXPECTED_CUSTOMERS if expected is None else float(expected),
        unresolved=workspace.tables(resolved=False),
    )
    if form is Format.json:
        print_json(spoken(found, language) | {"sound": found.check.sound})
        return
    _print_analysis(found, language)


def _put_by(workspace: "Workspace", design: Design, put: Callable[[], Assigned]) -> Assigned:
    """Keep the design before anybody is assigned by it; it goes again where nobody could be."""
    kept = read_design(workspace.directory, design.experiment) is not None
    path = write_design(workspace.directory, design)
    try:
        return put()
    except BaseException:
        if not kept:
            path.unlink()
        raise


def _design(
    workspace: "Workspace",
    experiment: str,
    control: str | None,
    arms: Sequence[str],
    by: Sequence[str],
    salt: str | None,
    held: Design | None,
) -> Design:
    """The design kept for the experiment, which what is asked for must not contradict, or a new one."""
    kept = read_design(workspace.directory, experiment)
    asked = control is not None or bool(arms) or bool(by) or salt is not None
    if kept is not None and not asked:
        return kept
    share = CONTROL_SHARE if control is None else share_of(control, "--control")
    away = None if held is None or experiment == GLOBAL_CONTROL else HeldOut(held.salt, held.arms[CONTROL])
    design = Design(experiment, salt or experiment, _arms(share, arms), tuple(dict.fromkeys(by)), away)
    if kept is None:
        if arm_counts(workspace.request(), experiment):
            raise ExperimentError(
                f"customers are in {experiment!r} already, by a design that is not kept here, so newcomers cannot be added by "
                "it; begin an experiment of another name"
            )
        return design
    if (dict(kept.arms), kept.by, kept.salt) != (dict(design.arms), design.by, design.salt):
        raise ExperimentError(
            f"customers of {experiment!r} are assigned already by another design "
            f"({', '.join(f'{arm} {given:g}' for arm, given in kept.ordered)}); leave --control, --arm, --by and --salt out "
            "to add newcomers by it, or begin an experiment of another name"
        )
    return kept


def _arms(control: float, given: Sequence[str]) -> dict[str, float]:
    """Shares by arm; arms without a share split evenly what the control and the others leave."""
    shares: dict[str, float | None] = {}
    for text in given or (TREATED,):
        name, sign, share = text.partition("=")
        name = name.strip()
        if not name or name == CONTROL or name in shares:
            raise SeptimaError(f"--arm {text!r}: name each treated arm once, as letter or letter=45%; {CONTROL!r} is given by --control")  # fmt: skip
        shares[name] = share_of(share, "--arm") if sign else None
    open_arms = [name for name, share in shares.items() if share is None]
    left = 1 - control - sum(share for share in shares.values() if share is not None)
    even = left / len(open_arms) if open_arms else 0.0
    return {CONTROL: control, **{name: even if share is None else share for name, share in shares.items()}}


def _planned(workspace: "Workspace", experiment: str, given: Sequence[str]) -> Mapping[str, float] | None:
    """The planned shares by arm: those given, or those of the design that was kept."""
    if given:
        shares: dict[str, float] = {}
        for text in given:
            name, sign, share = text.partition("=")
            if not sign:
                raise SeptimaError(f"--share {text!r} has no share; write ARM=SHARE, such as control=5%")
            shares[name.strip()] = share_of(share, "--share")
            if not 0 < shares[name.strip()] < float("inf"):
                raise SeptimaError(f"--share {text!r}: the share of an arm must be above 0")
        return shares
    kept = read_design(workspace.directory, experiment)
    return None if kept is None else kept.shares


def _export(workspace: "Workspace", experiment: str, path: Path, columns: Sequence[str]) -> int:
    """Write customer_id, arm and the asked-for columns of `customers`; how many customers were written."""
    import pyarrow.parquet as pq

    from septima.lake.engine import write_parquet

    request = workspace.request()
    rows = request.rows("assignments")
    rows = rows.filter(rows["experiment_id"] == experiment).select("customer_id", "arm")
    customers = request.rows("customers")
    own = list(dict.fromkeys(name for name in columns if name not in ("customer_id", "arm")))
    unknown = [name for name in own if name not in customers.columns]
    if unknown:
        raise SeptimaError(f"customers have no column {unknown[0]!r}; there are: {', '.join(customers.columns)}")
    if own:
        rows = rows.left_join(customers.select("customer_id", *own), "customer_id")
    names = ("customer_id", "arm", *own)
    rows = rows.select(**{name: _text(rows[name], escaped=path.suffix.lower() == _CSV) for name in names})
    with tempfile.TemporaryDirectory(prefix="septima-") as name:
        staged = Path(name) / "list.parquet"
        write_parquet(rows.order_by("customer_id"), staged)
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetFile(staged) as file:
            number = file.metadata.num_rows
            if path.suffix.lower() == _CSV:
                _write_csv(file, path)
            else:
                _write_xlsx(file, path, number)
    return number


def _text(column: Any, *, escaped: bool) -> Any:
    """The value as text; with a quote before it where a spreadsheet would take it for a formula and it is no number."""
    value = column.cast("string")
    if not escaped:
        return value
    formula = value.left(1).isin(_FORMULA) & ~value.re_search(_NUMBER)
    return formula.fill_null(False).ifelse("'" + value, value)


def _write_csv(file: Any, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import csv

    with csv.CSVWriter(path, file.schema_arrow) as writer:
        for batch in file.iter_batches():
            writer.write(pa.table(batch))


def _write_xlsx(file: Any, path: Path, number: int) -> None:
    """A sheet of texts: nothing in it is taken for a formula or an address."""
    try:
        import xlsxwriter
    except ImportError:
        raise SeptimaError("XLSX needs XlsxWriter: pip install 'septima[report]'; or write a CSV") from None
    if number > _SHEET_ROWS:
        raise SeptimaError(f"a sheet holds {_SHEET_ROWS:,} rows and the list {number:,}; write it as CSV")
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet()
        names = list(file.schema_arrow.names)
        sheet.write_row(0, 0, names)
        first = 1
        for batch in file.iter_batches():
            columns = [batch.column(name).to_pylist() for name in names]
            for place, values in enumerate(zip(*columns, strict=True), first):
                sheet.write_row(place, 0, ["" if value is None else value for value in values])
            first += len(batch)


def _print_plan(made: Plan, language: Language) -> None:
    heads = ["outcome", "days", "customers", "mean", "deviation", "cuped", "detectable", "relative", "needed"]
    rows = [
        [
            OUTCOMES[line.outcome].in_language(language),
            str(line.days),
            plain(line.customers, 0, language),
            _amount(line.outcome, line.mean, language, made.currency),
            _amount(line.outcome, line.deviation, language, made.currency),
            percent(line.variance_reduction, language),
            _amount(line.outcome, line.detectable, language, made.currency),
            percent(line.relative, language),
            plain(line.customers_needed, 0, language),
        ]
        for line in made.lines
    ]
    print_rows("", [_W[head].in_language(language) for head in heads], rows, numeric=range(1, 9))
    heads = ["outcome", "days", "control_share", "customers", "relative"]
    rows = [
        [
            OUTCOMES[line.outcome].in_language(language),
            str(line.days),
            percent(line.control_share, language),
            plain(line.control_customers, 0, language),
            percent(line.relative, language),
        ]
        for line in made.shares
    ]
    print_rows("", [_W[head].in_language(language) for head in heads], rows, numeric=range(1, 5))
    share, power = percent(made.control_share, language), percent(made.power, language)
    console.print(
        Text(
            f"With a control group of {share}, an effect of the size shown is found with a chance of {power} at the 5 % level. "
            "CUPED takes the part of the variance that the days before explain.",
            f"С\u00a0контрольной группой {share} эффект указанного размера обнаруживается с\u00a0вероятностью {power} при уровне "
            "значимости 5\u00a0%. CUPED снимает часть разброса, которую объясняют дни до\u00a0эксперимента.",
        ).in_language(language),
        soft_wrap=True,
    )
    for outcome, number in made.days_needed.items():
        if number is not None:
            name = OUTCOMES[outcome]
            console.print(
                Text(f"{name.en}: {number} days suffice.", f"{name.ru}: достаточно {number}\u00a0дней.").in_language(
                    language
                )
            )
    for statement in made.statements:
        say(statement.in_language(language))


def _print_assigned(done: Assigned, language: Language) -> None:
    whole = sum(arm.customers for arm in done.arms)
    heads = ["arm", "customers", "share", "planned", "added"]
    rows = [
        [
            arm.arm,
            plain(arm.customers, 0, language),
            percent(arm.customers / whole, language, 2),
            percent(arm.planned_share, language, 2),
            plain(arm.added, 0, language),
        ]
        for arm in done.arms
    ]
    print_rows(done.design.experiment, [_W[head].in_language(language) for head in heads], rows, numeric=range(1, 5))
    if done.held_out:
        number = plain(done.held_out, 0, language)
        console.print(
            Text(
                f"Of those added to the control, in the global control group: {number}.",
                f"Из\u00a0добавленных в\u00a0контрольную группу входят в\u00a0общую контрольную группу: {number}.",
            ).in_language(language)
        )


def _print_check(found: Check, language: Language) -> None:
    heads = ["arm", "customers", "share", "planned"]
    rows = [
        [arm.arm, plain(arm.customers, 0, language), percent(arm.share, language, 2), percent(arm.planned_share, language, 2)]
        for arm in found.arms
    ]  # fmt: skip
    print_rows(found.experiment, [_W[head].in_language(language) for head in heads], rows, numeric=range(1, 4))
    if found.balance:
        heads = ["covariate", "arm", "control_mean", "treated_mean", "standardised", "interval"]
        rows = [
            [
                one.name.in_language(language) + (" !" if one.unlike else ""),
                one.arm,
                plain(one.control_mean, 2, language),
                plain(one.arm_mean, 2, language),
                plain(one.difference, 3, language, signed=True),
                told("index", Estimated(one.difference, one.lower, one.upper), language)[1],
            ]
            for one in found.balance
        ]
        print_rows("", [_W[head].in_language(language) for head in heads], rows, numeric=range(2, 6))
    _print_findings(found.findings, language)


def _print_findings(findings: Sequence[Finding], language: Language) -> None:
    for finding in findings:
        say(f"{_MARKS[finding.level]} {finding.statement.in_language(language)}")


def _print_analysis(found: Analysis, language: Language) -> None:
    _print_findings(found.findings, language)
    if not found.effects:
        return
    heads = ["outcome", "arm", "control_mean", "treated_mean", "difference", "interval", "always", "relative", "interval", "p"]  # fmt: skip
    rows = [_effect_row(effect, language, found.currency) for effect in found.effects]
    print_rows(found.experiment, [_W[head].in_language(language) for head in heads], rows, numeric=range(2, 10))
    heads = ["outcome", "arm", "customers", "total", "interval", "cuped"]
    rows = [
        [
            effect.name.in_language(language),
            effect.arm,
            plain(effect.treated_customers, 0, language),
            *told(_in_all(effect.outcome), effect.total, language, found.currency),
            percent(effect.variance_reduction, language),
        ]
        for effect in found.effects
    ]
    print_rows("", [_W[head].in_language(language) for head in heads], rows, numeric=range(2, 6))
    if found.months:
        _print_months(found, language)
    said = dict.fromkeys(effect.statement for effect in found.effects if effect.statement is not None)
    arms = {effect.arm for effect in found.effects}
    for statement in (*said, *((found.correction,) if len(arms) > 1 else ()), *found.assumptions):
        say(statement.in_language(language))


def _print_months(found: Analysis, language: Language) -> None:
    rows: list[list[str]] = []
    for one in found.months:
        total = Estimated(one.total, one.lower, one.upper)
        growth = Estimated(one.growth, one.growth_lower, one.growth_upper)
        rows.append(
            [
                f"{one.month:%Y-%m}" + ("" if one.complete else " ◐"),
                one.arm,
                *told("currency", total, language, found.currency),
                *told("currency", growth, language, found.currency),
            ]
        )
    title = Text("Incremental revenue by month", "Дополнительная выручка по\u00a0месяцам").in_language(language)
    heads = ["month", "arm", "total", "interval", "growth", "interval"]
    print_rows(title, [_W[head].in_language(language) for head in heads], rows, numeric=range(2, 6))


def _effect_row(effect: Effect, language: Language, currency: str | None) -> list[str]:
    unit = _UNITS[effect.outcome]
    difference, interval = told(unit, effect.difference, language, currency, change=True)
    p_value = effect.p_adjusted
    return [
        effect.name.in_language(language),
        effect.arm,
        _amount(effect.outcome, effect.control_mean, language, currency),
        _amount(effect.outcome, effect.treated_mean, language, currency),
        difference,
        interval,
        told(unit, effect.anytime, language, currency)[1],
        *told("share", effect.relative, language, currency),
        "—" if p_value is None else plain(p_value, 3, language) if p_value >= 0.0005 else "<\u00a0" + plain(0.001, 3, language),
    ]  # fmt: skip


def _in_all(outcome: str) -> str:
    return "currency" if outcome == "revenue" else "count"


def _amount(outcome: str, value: float | None, language: Language, currency: str | None) -> str:
    unit = _UNITS[outcome]
    if value is None:
        return "—"
    if unit == "ratio":
        return plain(value, 3, language)
    return number_style(unit, Figure(value, None, None), language, currency=currency).value(value)
