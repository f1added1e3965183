"""What the commands about experiments read, keep and print."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from septima.chapters.experiments import (
    Experiment,
    check_answer,
    design_of,
    experiment_answer,
    plan_answer,
    put_into_arms,
)
from septima.cli.options import share_of
from septima.cli.output import Format, console, print_json, print_rows, progress, say
from septima.cli.studies import answer_study
from septima.lake.spreadsheet import FORMULA_BEGINS
from septima.metrics.experiment_analysis import Correction
from septima.metrics.experiment_assignment import Assigned, Eligible
from septima.metrics.experiment_design import (
    CONTROL,
    CONTROL_SHARE,
    TREATED,
    Design,
    read_design,
)
from septima.metrics.experiment_outcomes import Window
from septima.models.incrementality import EXPECTED_CUSTOMERS
from septima.report.number_forms import plain
from septima.report.studies.study import percent
from septima.schema import Language, SeptimaError, Text
from septima.schema.spoken import spoken

if TYPE_CHECKING:
    from septima.workspace import Workspace

_CSV, _XLSX = ".csv", ".xlsx"
_SHEET_ROWS = 1_048_575
_NUMBER = r"^[+-]?[0-9 ().]+$"

_ARMS = (
    Text("arm", "группа"),
    Text("customers", "клиентов"),
    Text("share", "доля"),
    Text("planned", "план"),
    Text("added", "добавлено"),
)


def plan_experiment(
    workspace: "Workspace",
    language: Language,
    form: Format,
    report: Path | None,
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
    answer = plan_answer(
        workspace,
        language,
        effect=None if effect is None else share_of(effect, "--effect"),
        control_share=share_of(control, "--control"),
        arms=arms,
        power=share_of(power, "--power"),
        before_days=before_days,
        eligible=Eligible(tuple(segments), consent),
    )
    answer_study(workspace, answer.study, answer.found, language, form, report)


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
    design = _design(workspace, experiment, control, arms, by, salt)
    with progress(workspace.settings.language) as report:
        done = put_into_arms(workspace, design, Eligible(tuple(segments), consent), at=moment, progress=report)
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
    report: Path | None,
    *,
    experiment: str,
    control: str,
    shares: Sequence[str],
    campaigns: Sequence[str],
    days: int,
    before_days: int,
) -> None:
    """Print whether an experiment was run as planned."""
    asked = Experiment(experiment, control, _planned(shares), campaigns, Window(days, before_days))
    answer = check_answer(
        workspace,
        asked,
        language,
    )
    record = {**spoken(answer.found, language), "sound": answer.found.sound}
    answer_study(workspace, answer.study, record, language, form, report)


def analyse_experiment(
    workspace: "Workspace",
    language: Language,
    form: Format,
    report: Path | None,
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
    asked = Experiment(experiment, control, _planned(shares), campaigns, Window(days, before_days))
    answer = experiment_answer(
        workspace,
        asked,
        language,
        correction=known[correction],
        expected_customers=EXPECTED_CUSTOMERS if expected is None else float(expected),
    )
    record = {**spoken(answer.found, language), "sound": answer.found.check.sound}
    answer_study(workspace, answer.study, record, language, form, report)


def _design(
    workspace: "Workspace",
    experiment: str,
    control: str | None,
    arms: Sequence[str],
    by: Sequence[str],
    salt: str | None,
) -> Design:
    """The design that is kept where nothing of one is asked for; else that which is asked for."""
    kept = read_design(workspace.directory, experiment)
    asked = control is not None or bool(arms) or bool(by) or salt is not None
    if kept is not None and not asked:
        return kept
    share = CONTROL_SHARE if control is None else share_of(control, "--control")
    return design_of(workspace, experiment, _arms(share, arms), by, salt)


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


def _planned(given: Sequence[str]) -> Mapping[str, float] | None:
    """The planned shares by arm that were given; None where none were."""
    shares: dict[str, float] = {}
    for text in given:
        name, sign, share = text.partition("=")
        if not sign:
            raise SeptimaError(f"--share {text!r} has no share; write ARM=SHARE, such as control=5%")
        shares[name.strip()] = share_of(share, "--share")
        if not 0 < shares[name.strip()] < float("inf"):
            raise SeptimaError(f"--share {text!r}: the share of an arm must be above 0")
    return shares or None


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
    formula = value.left(1).isin(FORMULA_BEGINS) & ~value.re_search(_NUMBER)
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


def _print_assigned(done: Assigned, language: Language) -> None:
    whole = sum(arm.customers for arm in done.arms)
    rows = [
        [
            arm.arm,
            plain(arm.customers, 0, language),
            percent(arm.customers / whole, language, 2).text,
            percent(arm.planned_share, language, 2).text,
            plain(arm.added, 0, language),
        ]
        for arm in done.arms
    ]
    print_rows(done.design.experiment, [head.in_language(language) for head in _ARMS], rows, numeric=range(1, 5))
    if done.held_out:
        number = plain(done.held_out, 0, language)
        console.print(
            Text(
                f"Of those added to the control, in the global control group: {number}.",
                f"Из\u00a0добавленных в\u00a0контрольную группу входят в\u00a0общую контрольную группу: {number}.",
            ).in_language(language)
        )
