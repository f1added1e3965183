"""A workspace: one organisation's folder with its settings, lake and scorecard."""

import getpass
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from septima.lake.engine import connect, open_table
from septima.lake.kept import lost_tables
from septima.lake.resolved import resolved_tables, unresolved_tables
from septima.lake.store import Lake
from septima.lake.tables import MERGES
from septima.metrics import (
    Grain,
    Metric,
    MetricError,
    MetricResult,
    Period,
    Tables,
    catalogue,
    compute,
    find_metric,
)
from septima.metrics.attribution import CompanyAttribution, attribute
from septima.metrics.attribution_sums import Scope
from septima.metrics.compute import request_of
from septima.metrics.custom import FOLDER, own_files, own_metrics
from septima.metrics.definition import Request
from septima.metrics.record import Progress, Update, update
from septima.metrics.recorded import Recorded, recorded_figures
from septima.metrics.series import Series, series_of
from septima.models.attribution.markov import Order
from septima.models.attribution.words import METHODS, Method, Worth
from septima.schema import Language, SeptimaError, Text, line_of
from septima.schema.version import VERSION
from septima.scorecard import Explanation, ScorecardDefinition, build, explain, read_definition, starter_definition
from septima.scorecard.alerts.checking import Facts, check
from septima.scorecard.alerts.definition import FILE as ALERTS_FILE
from septima.scorecard.alerts.definition import AlertDefinition, CheckReport
from septima.scorecard.alerts.facts import chances_of, newest_record, quarantined_share
from septima.scorecard.alerts.reading import read_alerts
from septima.scorecard.assembly import card_of
from septima.scorecard.audit import author_text, definition_texts, read_log, record_changes, record_event
from septima.scorecard.benchmark import comparison as benchmark
from septima.scorecard.benchmark.comparison import Comparison
from septima.scorecard.benchmark.exchange import LEAST_GROUP, Exchange, exchange_of
from septima.scorecard.benchmark.signature import fingerprint, read_key
from septima.scorecard.card import Scorecard
from septima.scorecard.cascade.making import cascade_of
from septima.scorecard.cascade.reading import FILE as CASCADE_FILE
from septima.scorecard.cascade.result import Cascade
from septima.scorecard.closing import (
    SEED,
    Basis,
    ClosingError,
    Reproduction,
    Revision,
    basis_texts,
    closing,
    compared,
    refuse_unfinished,
    revision_of,
    store,
)
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.forecast import AHEAD, ForecastReport, forecast_card
from septima.scorecard.goals.progress import GoalReport, measure_goals
from septima.scorecard.goals.reading import FILE as GOALS_FILE
from septima.scorecard.goals.reading import read_goals
from septima.scorecard.journey import FILE as JOURNEY_FILE
from septima.scorecard.journey import JourneyMap, mapped, read_journey
from septima.scorecard.journey import metrics_asked as journey_metrics
from septima.scorecard.live import LiveFigure, known_from, of_metrics
from septima.scorecard.processes import FILE as PROCESSES_FILE
from septima.scorecard.processes import read_processes
from septima.scorecard.processes.measured import MeasuredProcesses, measured, metrics_asked
from septima.scorecard.reading import parse_definition
from septima.scorecard.readings import Readings, read_figures
from septima.scorecard.rollout.measured import Data, Rollout, measure
from septima.scorecard.rollout.reading import FILE as ROLLOUT_FILE
from septima.scorecard.rollout.reading import read_rollout
from septima.scorecard.sensitivity import WEIGHT_SHARE, Sensitivity, sensitivity
from septima.scorecard.shared_customers import SharedCustomers, shared_customers
from septima.scorecard.simulate import DRAWS, ErrorCorrelation
from septima.scorecard.simulation import INTEGRAL
from septima.scorecard.starter import Trade
from septima.scorecard.what_if import Supposition
from septima.scorecard.why import Why, explain_why
from septima.settings import FILE, Settings, parse_settings, read_settings, write_starter

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

ENGINE_VARIABLE = "SEPTIMA_ENGINE"
SCORECARD_FILE = "scorecard.yaml"


class WorkspaceError(SeptimaError):
    """The folder is no workspace, or is one already."""


@dataclass(frozen=True)
class Definitions:
    """What a card is made by: settings, all metrics by id, and the scorecard."""

    settings: Settings
    metrics: Mapping[str, Metric]
    scorecard: ScorecardDefinition


def definitions_of(texts: Mapping[str, str]) -> Definitions:
    """Definitions that are given as texts, by the names of their files, whether or not they are in force.

    SettingsError, OwnMetricsError or DefinitionError with file, line and remedy where one is absent or wrong.
    """
    settings = parse_settings(texts.get(FILE, ""), Path(FILE))
    metrics = metrics_of(texts, settings)
    return Definitions(settings, metrics, parse_definition(texts.get(SCORECARD_FILE, ""), metrics=metrics))


def metrics_of(texts: Mapping[str, str], settings: Settings) -> dict[str, Metric]:
    """All metrics by id: those of the program and then the company's own, as files given as texts define them."""
    files = sorted((name, text) for name, text in texts.items() if name.startswith(f"{FOLDER}/"))
    return {**catalogue(), **own_metrics(files, allow_sql=settings.allow_sql, settings=settings.metrics)}


@dataclass(frozen=True)
class Workspace:
    """An open workspace.

    `engine` is the one that computes. All figures asked for through one of its methods come from one
    version of the data, whatever is loaded meanwhile.
    """

    directory: Path
    settings: Settings
    lake: Lake
    engine: str

    @staticmethod
    def create(
        directory: str | os.PathLike[str],
        *,
        organisation: str | None = None,
        currency: str = "EUR",
        language: Language = "en",
        trade: Trade = "general",
    ) -> "Workspace":
        """Make a workspace in `directory`: settings, the starter scorecard of the trade and an empty lake.

        WorkspaceError where one is there already, or where the folder holds other files.
        """
        folder = Path(directory).absolute()
        if (folder / FILE).exists():
            raise WorkspaceError(
                Text(
                    f"{folder} is a workspace already; load data into it: septima load {directory} MAPPING.yaml",
                    f"{folder}\u00a0— уже рабочее пространство; загрузите в\u00a0него данные: septima load {directory} MAPPING.yaml",
                )
            )
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise WorkspaceError(
                Text(
                    f"{folder} holds other files; name a new or an empty folder",
                    f"в\u00a0папке {folder} есть другие файлы; назовите новую или пустую папку",
                )
            )
        folder.mkdir(parents=True, exist_ok=True)
        Lake.create(folder / "lake")
        (folder / SCORECARD_FILE).write_text(starter_definition(trade), encoding="utf-8")
        write_starter(folder / FILE, organisation=organisation or folder.name, currency=currency, language=language)
        return Workspace.open(folder)

    @staticmethod
    def open(directory: str | os.PathLike[str], *, engine: str | None = None) -> "Workspace":
        """Open the workspace in `directory`; SettingsError or StoreError where there is none."""
        folder = Path(directory).absolute()
        settings = read_settings(folder / FILE)
        chosen = engine or os.environ.get(ENGINE_VARIABLE) or settings.engine
        return Workspace(folder, settings, Lake.open(folder / "lake"), chosen)

    @cached_property
    def backend(self) -> "BaseBackend":
        """The Ibis connection, opened when first asked for."""
        return connect(self.engine, memory=self.settings.memory)

    @property
    def definition(self) -> ScorecardDefinition:
        """The scorecard as `scorecard.yaml` defines it now."""
        return read_definition(self.directory / SCORECARD_FILE, self.catalogue)

    @property
    def catalogue(self) -> dict[str, Metric]:
        """All metrics by id: those of the program and then the company's own, as `metrics/*.yaml` define them now.

        OwnMetricsError names every mistake in those files.
        """
        files = own_files(self.directory / FOLDER)
        own = own_metrics(files, allow_sql=self.settings.allow_sql, settings=self.settings.metrics)
        return {**catalogue(), **own}

    def table(self, name: str, *, resolved: bool = True) -> ir.Table:
        """The canonical table `name` as an Ibis table; StoreError, naming those there are, where it is none.

        Merged customers stand under the name of their master, save where `resolved` is false.
        """
        return self.tables(resolved=resolved)(name)

    def tables(self, *, resolved: bool = True) -> Tables:
        """Tables by name, all as of the version that is newest now; see `table`."""
        return self._tables_of(self.lake.version, resolved=resolved)

    def request(self) -> Request:
        """A request for everything, of the version that is newest now, in the company's calendar and currency."""
        return request_of(self.tables(), self.settings.calendar, self.settings.currency)

    def _tables_of(self, version: int, *, resolved: bool = True) -> Tables:
        opened: dict[str, ir.Table] = {}

        def table(name: str) -> ir.Table:
            if name not in opened:
                opened[name] = open_table(self.backend, self.lake, name, version)
            return opened[name]

        # Where nothing was ever merged, no table is joined with anything.
        merged = resolved and MERGES.name in self.lake.commit(version).tables
        return resolved_tables(table) if merged else unresolved_tables(table)

    def metric(
        self,
        metric_id: str,
        *,
        grain: Grain = "month",
        by: Sequence[str] = (),
        start: date | str | None = None,
        end: date | str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> MetricResult:
        """Compute one metric by period and slice.

        `start` and `end` are days, or periods as text (`2026-Q3`; `FY2026-Q3` where the fiscal year does not
        begin in January): from the first day of `start` to the last day of `end`. `parameters` go before those of
        `septima.yaml` and the passport.
        MetricError names the dimensions there are where `by` holds another.
        """
        metric = find_metric(metric_id, self.catalogue)
        given = {**self.settings.metrics.get(metric_id, {}), **(parameters or {})}
        results = compute(
            [metric],
            self.tables(),
            grain=grain,
            by=tuple(by),
            start=self.period(start).start if isinstance(start, str) else start,
            end=self.period(end).end if isinstance(end, str) else end,
            parameters={metric_id: given},
            calendar=self.settings.calendar,
            currency=self.settings.currency,
        )
        return results[metric_id]

    def compute(
        self,
        *,
        metrics: Sequence[str] = (),
        grains: Sequence[Grain] = (),
        full: bool = False,
        author: str | None = None,
        progress: Progress | None = None,
    ) -> Update:
        """Bring the recorded figures up to the data: what a change reaches is computed, what differs is written.

        The series are those of the settings' `compute` and of the scorecard, or of them only these `metrics` and
        `grains`; `full` computes all periods anew. `author` is the user of the computer where left out. A metric
        that fails is told of in the answer; MetricError where there is none of that name or slice.
        """
        version = self.lake.version
        return update(
            self.lake,
            self._tables_of(version),
            self._series(metrics, grains),
            version=version,
            author=author or getpass.getuser(),
            full=full,
            memory=self.settings.memory,
            progress=progress,
        )

    def figures(
        self,
        metric_id: str,
        *,
        grain: Grain = "month",
        by: Sequence[str] = (),
        start: date | str | None = None,
        end: date | str | None = None,
        as_of: datetime | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> MetricResult:
        """The recorded figures of a metric, without a look at the data: those in force, or those known `as_of` a moment.

        Bounds and parameters are as for `metric`, and a moment is of UTC where it names no zone. RecordError where
        they were never computed.
        """
        metric = find_metric(metric_id, self.catalogue)
        return recorded_figures(
            self.lake,
            self._one_series(metric, grain, by, parameters),
            start=self.period(start).start if isinstance(start, str) else start,
            end=self.period(end).end if isinstance(end, str) else end,
            as_of=as_of,
        )

    def attribution(
        self,
        scope: Scope | None = None,
        *,
        methods: Sequence[Method] = METHODS,
        order: Order = "auto",
        worth: Worth = "conversions",
        start: date | str | None = None,
        end: date | str | None = None,
        progress: Progress | None = None,
    ) -> CompanyAttribution:
        """Which channels, campaigns or chains conversions and revenue are due to, by several methods (all where left out).

        `scope` says by what, which touches count and how long before a purchase; bounds are as for `metric`. See
        `metrics.attribution.attribute`.
        """
        request = replace(
            self.request(),
            start=self.period(start).start if isinstance(start, str) else start,
            end=self.period(end).end if isinstance(end, str) else end,
        )
        return attribute(request, scope, methods=methods, order=order, worth=worth, progress=progress)

    def _series(self, metrics: Sequence[str], grains: Sequence[Grain]) -> list[Series]:
        """What is to be computed: every metric by the slices that it has, and what the scorecard shows."""
        known, wanted = self.catalogue, self.settings.compute
        for name in metrics:
            find_metric(name, known)
        for names, line in zip(wanted.by, wanted.lines, strict=True):
            for name in names:
                if not any(name in metric.dimensions for metric in known.values()):
                    said = Text(
                        f"no metric can be sliced by {name!r}",
                        f"ни\u00a0у\u00a0одной метрики нет разреза по\u00a0«{name}»; уберите его из\u00a0«by»",
                    )
                    raise MetricError(said.after(": ").after(line_of(self.directory / FILE, line)))
        asked: list[tuple[Metric, tuple[str, ...], Mapping[str, Any]]] = [
            (metric, by, {}) for metric in known.values() for by in ((), *wanted.by)
        ]
        for kpi in self.definition.kpis:
            where = tuple(kpi.where)
            shown = [where] if kpi.by is None else [where, (*where, kpi.by)]
            asked += [(known[kpi.metric], by, kpi.parameters) for by in shown]
        return [
            self._one_series(metric, grain, by, own)
            for grain in grains or wanted.grains
            for metric, by, own in asked
            if (not metrics or metric.id in metrics) and set(by) <= set(metric.dimensions)
        ]

    def _one_series(
        self, metric: Metric, grain: Grain, by: Sequence[str], parameters: Mapping[str, Any] | None
    ) -> Series:
        given = {**self.settings.metrics.get(metric.id, {}), **(parameters or {})}
        return series_of(metric, grain, by, given, self.settings.calendar, self.settings.currency)

    def period(self, text: str | Period) -> Period:
        """The period that a person wrote, by the workspace's calendar; PeriodError names the forms there are."""
        return self.settings.calendar.parse(text) if isinstance(text, str) else text

    def scorecard(self, period: str | Period, *, correlation: ErrorCorrelation | None = None) -> Scorecard:
        """The scorecard of one period: `2026`, `2026-Q3`, `2026-07`, `2026-W31` or a day; `FY2026-Q3`.

        With the `correlation` of errors, see `shared_customers`, intervals of composites are those of errors that correlate
        so.
        """
        version = self.lake.version
        return self._build(period, self.definition, self._tables_of(version), version, correlation)

    def supposed(self, period: str | Period) -> Callable[[Sequence[Supposition]], Scorecard]:
        """What makes the card of a period by suppositions, see `scorecard.what_if`; the data are read once for all of them.

        None of them gives the card as it is. WhatIfError where they cannot be.
        """
        given, version, now = self.definitions, self.lake.version, datetime.now(UTC)
        readings = self.read_by(given, period, version)
        return lambda suppositions: self.card_by(given, readings, version, now=now, suppositions=suppositions)

    @property
    def definitions(self) -> Definitions:
        """The definitions that are in force now."""
        return Definitions(self.settings, self.catalogue, self.definition)

    def read_by(self, given: Definitions, period: str | Period, version: int, *, recorded: bool = True) -> Readings:
        """The figures that a card of a period needs by these definitions, of a version of the data.

        Those that are recorded are taken from the record, unless `recorded` is false: then each is computed from the data.
        """
        settings = given.settings
        return read_figures(
            given.scorecard,
            given.metrics,
            self._tables_of(version),
            settings.calendar.parse(period) if isinstance(period, str) else period,
            settings.metrics,
            calendar=settings.calendar,
            currency=settings.currency,
            record=Recorded(self.lake, version) if recorded else None,
        )

    def card_by(
        self,
        given: Definitions,
        readings: Readings,
        version: int,
        *,
        now: datetime,
        suppositions: Sequence[Supposition] = (),
        seed: int = SEED,
        draws: int = DRAWS,
    ) -> Scorecard:
        """The card of figures that were read by these definitions; see `scorecard.assembly.card_of`."""
        settings = given.settings
        return card_of(
            readings,
            given.scorecard,
            organisation=settings.organisation,
            data_version=version,
            currency=settings.currency,
            parameters=settings.metrics,
            calendar=settings.calendar,
            now=now,
            suppositions=suppositions,
            seed=seed,
            draws=draws,
        )

    def sensitivity(
        self,
        period: str | Period | Scorecard,
        of: str = INTEGRAL,
        *,
        weight_share: float = WEIGHT_SHARE,
        correlation: ErrorCorrelation | None = None,
    ) -> Sensitivity:
        """What CKPIint or the perspective `of` a period's card depends on; SensitivityError where that is undefined."""
        card = period if isinstance(period, Scorecard) else self.scorecard(period)
        passports = {name: metric.passport for name, metric in self.catalogue.items()}
        return sensitivity(card, self.definition, passports, of, weight_share=weight_share, correlation=correlation)

    def shared_customers(self, period: str | Period) -> SharedCustomers:
        """How the errors of KPIs correlate that rest on the same customers; SharedCustomersError where none do."""
        return shared_customers(
            self.definition.kpis,
            self.catalogue,
            self.tables(),
            self.period(period),
            self.settings.metrics,
            calendar=self.settings.calendar,
            currency=self.settings.currency,
        )

    @property
    def alerts(self) -> AlertDefinition:
        """The rules and channels of `alerts.yaml`; DefinitionError with file, line and remedy where it is absent or wrong."""
        return read_alerts(self.directory / ALERTS_FILE, self.definition)

    def check(self, period: str | Scorecard | None = None, *, now: datetime | None = None) -> CheckReport:
        """Which alert rules hold of a period or card: the newest period that is over, by the `grain` of the rules, where none is named.

        Nothing is sent and nothing is written. DefinitionError as of `alerts`.
        """
        definition, moment = self.alerts, now or datetime.now(UTC)
        calendar = self.settings.calendar
        given = period or calendar.period_of(calendar.today(moment), definition.grain).shift(-1).id
        card, tables = self.scorecard(given) if isinstance(given, str) else given, self.tables()
        facts = Facts(
            lambda table: newest_record(tables, table),
            lambda: quarantined_share(self.lake, tables),
            lambda: chances_of(self.forecast(card)),
        )
        return check(definition, card, facts, moment)

    def close(
        self, period: str | Period, *, author: str | None = None, note: str | None = None, force: bool = False
    ) -> Revision | None:
        """Close a period: keep its card with all that it depends on, beside earlier revisions; None where nothing differs.

        Changes of definitions and the closing itself are noted in the audit log. ClosingError where the period is not over,
        unless `force`d; DefinitionError where the scorecard is absent or wrong.
        """
        given = self.period(period)
        if not force:
            refuse_unfinished(given.id, given.end, self.settings.calendar.today())
        by, now = author_text(author or getpass.getuser()), datetime.now(UTC)
        # A definition that is absent or wrong is told as everywhere, before anything is written.
        read_definition(self.directory / SCORECARD_FILE, self.catalogue)
        with closing(self.directory):
            texts = definition_texts(self.directory)
            record_changes(self.directory, texts, by, now=now)
            newest = read_log(self.directory)[-1]
            basis, version = Basis(basis_texts(texts), VERSION), self.lake.version
            card = self._card_of(basis, given.id, version, now)
            line = (newest.number, newest.hash)
            kept = store(self.directory, card, basis, author=by, note=note, line=line, now=now)
            if kept is not None:
                details = {
                    "revision": kept.number,
                    "data_version": version,
                    "definition": card.definition,
                    "note": note,
                }
                record_event(self.directory, "closed", kept.period, by, details, now=now)
        return kept

    def reproduce(self, period: str, revision: int | None = None) -> Reproduction:
        """Compute a closed period again from the data and the definition of then, and compare; nothing recorded is used.

        ClosingError where it was not closed, or where the lake no longer holds the data of then.
        """
        kept = revision_of(self.directory, period, revision)
        version = kept.card.data_version
        lost = lost_tables(self.lake, version)
        if lost:
            tables = ", ".join(lost)
            raise ClosingError(
                Text(
                    f"the lake no longer holds version {version} of {tables}, from which {period} was closed; restore the files "
                    f"of {self.lake.root} from a backup, and keep VACUUM from taking versions of closed periods",
                    f"в\u00a0хранилище больше нет версии {version} таблиц {tables}, по\u00a0которой закрыт период {period}; восстановите "
                    f"файлы {self.lake.root} из\u00a0резервной копии и\u00a0не\u00a0давайте VACUUM удалять версии закрытых периодов",
                )
            )
        return compared(kept, self._card_of(kept.basis, kept.period, version, kept.card.computed_at))

    def _card_of(self, basis: Basis, period: str, version: int, now: datetime) -> Scorecard:
        """The card of a period by the definitions of a basis, every figure computed from the data."""
        given = definitions_of(basis.texts)
        readings = self.read_by(given, period, version, recorded=False)
        return self.card_by(given, readings, version, now=now, seed=basis.seed, draws=basis.draws)

    def processes(self, period: str | Period | None = None, *, card: Scorecard | None = None) -> MeasuredProcesses:
        """The process model of `processes.yaml`, with the figures of a period or of a card in its boxes.

        DefinitionError with file, line and remedy where the model is absent or wrong.
        """
        model = read_processes(self.directory / PROCESSES_FILE, self.definition, self.catalogue)
        card = self.scorecard(period) if card is None and period is not None else card
        figures = {} if card is None else self._live(metrics_asked(model), self.period(card.period), card)
        return measured(model, card, figures, self.settings.currency)

    def journey(self, period: str | Period, *, card: Scorecard | None = None) -> JourneyMap:
        """The journey of `journey.yaml` in a period: live figures, feelings, and the paths that customers took.

        Figures that a `card` of the period holds are taken from it. DefinitionError with file, line and remedy where the
        journey is absent or wrong.
        """
        found = read_journey(self.directory / JOURNEY_FILE, self.catalogue)
        asked = self.period(period)
        figures = self._live(journey_metrics(found), asked, card)
        request = replace(self.request(), start=asked.start, end=asked.end)
        return mapped(found, asked.label, figures, request, self.settings.currency)

    def _live(self, asked: Sequence[KpiDefinition], period: Period, card: Scorecard | None) -> dict[str, LiveFigure]:
        """Figures of metrics in a period, by id of the definition; those that the card of the period holds from there."""
        version = self.lake.version
        known = {} if card is None else known_from(card, self.definition, asked)
        computed = of_metrics(
            [one for one in asked if one.id not in known],
            self.catalogue,
            self._tables_of(version),
            period,
            parameters=self.settings.metrics,
            calendar=self.settings.calendar,
            currency=self.settings.currency,
            record=Recorded(self.lake, version),
        )
        return {**known, **computed}

    def goals(self, card: Scorecard) -> GoalReport:
        """How far the goals of `goals.yaml` have come by a card; DefinitionError where the file is absent or wrong."""
        tree = read_goals(self.directory / GOALS_FILE, self.definition, self.settings.calendar)
        return measure_goals(tree, card)

    def cascade(self, card: Scorecard) -> Cascade:
        """Who answers for a card by `cascade.yaml`; DefinitionError with file, line and remedy where it is absent or wrong."""
        version = self.lake.version
        return cascade_of(
            card,
            self.directory / CASCADE_FILE,
            self.definition,
            self.catalogue,
            self._tables_of(version),
            parameters=self.settings.metrics,
            calendar=self.settings.calendar,
            record=Recorded(self.lake, version),
        )

    def why(self, card: Scorecard, *, earlier: Scorecard | None = None, of: str = "", by: str | None = None) -> Why:
        """Why a card changed since the period before, or an `earlier` card; ChangeError as of `scorecard.why.explain_why`."""
        given, calendar = self.settings.metrics, self.settings.calendar
        return explain_why(
            card, self.definition, self.catalogue, self.tables(), parameters=given, calendar=calendar, earlier=earlier, of=of, by=by
        )  # fmt: skip

    def forecast(self, card: Scorecard, *, ahead: int = AHEAD) -> ForecastReport:
        """What the figures of a card will be in the next `ahead` periods, see `scorecard.forecast.forecast_card`."""
        return forecast_card(card, self.settings.calendar, ahead=ahead)

    def explain(self, period: str | Period | Scorecard, path: str, *, limit: int = 100) -> Explanation:
        """Walk down the scorecard of a period, or a card that was made already, to "/" (CKPIint), "customer_support" or "customer_support/nps".

        A KPI comes with its passport, the aggregates of its formula and at most `limit` rows behind it.
        ExplainError names where one can go.
        """
        definition, version = self.definition, self.lake.version
        tables = self._tables_of(version)
        card = period if isinstance(period, Scorecard) else self._build(period, definition, tables, version)
        return explain(
            card,
            path,
            definition=definition,
            tables=tables,
            parameters=self.settings.metrics,
            metrics=self.catalogue,
            calendar=self.settings.calendar,
            limit=limit,
        )

    def rollout(self, period: str | Period, *, now: datetime | None = None) -> Rollout:
        """The CRM roll-out of `rollout.yaml` at the end of a period, or `now`; DefinitionError where the file is absent or wrong."""
        known, version = self.catalogue, self.lake.version
        definition = read_rollout(self.directory / ROLLOUT_FILE, known)
        data = Data(
            known,
            self._tables_of(version),
            self.settings.calendar,
            self.settings.currency,
            self.settings.metrics,
            Recorded(self.lake, version),
        )
        return measure(definition, data, self.period(period), now=now)

    def exchange(
        self,
        period: str | Period,
        *,
        trade: str = "other",
        name: str | None = None,
        country: str | None = None,
        k: int = LEAST_GROUP,
        with_metrics: bool = False,
        epsilon: float | None = None,
    ) -> Exchange:
        """What the organisation would share of its card of a period; options and BenchmarkError as of `exchange_of`.

        Nothing is written, and of noise nothing is counted: `septima benchmark export` does both.
        """
        passports = {name: metric.passport for name, metric in self.catalogue.items()}
        return exchange_of(
            self.scorecard(period),
            self.definition,
            passports,
            trade=trade,
            name=name,
            country=country,
            k=k,
            with_metrics=with_metrics,
            epsilon=epsilon,
        )

    def benchmark(
        self,
        period: str | Period | Scorecard,
        *,
        files: Sequence[Path] = (),
        folder: Path | None = None,
        trade: str | None = None,
    ) -> Comparison:
        """Our card of a period beside exchange files and a folder of them (`benchmark` where none is named); BenchmarkError."""
        card = period if isinstance(period, Scorecard) else self.scorecard(period)
        looked_in = self.directory / benchmark.FOLDER if folder is None and not files else folder
        key = read_key(self.directory)
        own = None if key is None else fingerprint(key.public)
        return benchmark.compared(self.directory, card, files, folder=looked_in, own_key=own, trade=trade)

    def _build(
        self,
        period: str | Period,
        definition: ScorecardDefinition,
        tables: Tables,
        version: int,
        correlation: ErrorCorrelation | None = None,
    ) -> Scorecard:
        return build(
            definition,
            tables,
            self.period(period),
            organisation=self.settings.organisation,
            currency=self.settings.currency,
            data_version=version,
            parameters=self.settings.metrics,
            metrics=self.catalogue,
            calendar=self.settings.calendar,
            record=Recorded(self.lake, version),
            correlation=correlation,
        )
