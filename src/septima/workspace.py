"""A workspace: one organisation's folder with its settings, lake and scorecard."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from septima.lake.engine import connect, open_table
from septima.lake.resolved import resolved_tables, unresolved_tables
from septima.lake.store import Lake
from septima.lake.tables import MERGES
from septima.metrics import Grain, MetricResult, Period, Tables, compute, find_metric
from septima.schema import Language, SeptimaError
from septima.scorecard import Explanation, ScorecardDefinition, build, explain, read_definition, starter_definition
from septima.scorecard.card import Scorecard
from septima.settings import FILE, Settings, read_settings, write_starter

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

ENGINE_VARIABLE = "SEPTIMA_ENGINE"
SCORECARD_FILE = "scorecard.yaml"


class WorkspaceError(SeptimaError):
    """The folder is no workspace, or is one already."""


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
    ) -> "Workspace":
        """Make a workspace in `directory`: settings, a starter scorecard and an empty lake.

        WorkspaceError where one is there already, or where the folder holds other files.
        """
        folder = Path(directory).absolute()
        if (folder / FILE).exists():
            raise WorkspaceError(
                f"{folder} is a workspace already; load data into it: septima load {directory} MAPPING.yaml"
            )
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise WorkspaceError(f"{folder} holds other files; name a new or an empty folder")
        folder.mkdir(parents=True, exist_ok=True)
        Lake.create(folder / "lake")
        (folder / SCORECARD_FILE).write_text(starter_definition(), encoding="utf-8")
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
        return read_definition(self.directory / SCORECARD_FILE)

    def table(self, name: str, *, resolved: bool = True) -> ir.Table:
        """The canonical table `name` as an Ibis table; StoreError, naming those there are, where it is none.

        Merged customers stand under the name of their master, save where `resolved` is false.
        """
        return self.tables(resolved=resolved)(name)

    def tables(self, *, resolved: bool = True) -> Tables:
        """Tables by name, all as of the version that is newest now; see `table`."""
        version = self.lake.version
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
        begin in January): from the first day of `start` to the last day of `end`. `parameters` go before those of `septima.yaml` and the passport.
        MetricError names the dimensions there are where `by` holds another.
        """
        metric = find_metric(metric_id)
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

    def period(self, text: str) -> Period:
        """The period that a person wrote, by the workspace's calendar; PeriodError names the forms there are."""
        return self.settings.calendar.parse(text)

    def scorecard(self, period: str | Period) -> Scorecard:
        """The scorecard of one period: `2026`, `2026-Q3`, `2026-07`, `2026-W31` or a day; `FY2026-Q3`."""
        return self._build(period, self.definition, self.tables())

    def explain(self, period: str | Period, path: str, *, limit: int = 100) -> Explanation:
        """Walk down the scorecard of a period to "/" (CKPIint), "customer_support" or "customer_support/nps".

        A KPI comes with its passport, the aggregates of its formula and at most `limit` rows behind it.
        ExplainError names where one can go.
        """
        definition, tables = self.definition, self.tables()
        card = self._build(period, definition, tables)
        return explain(
            card,
            path,
            definition=definition,
            tables=tables,
            parameters=self.settings.metrics,
            calendar=self.settings.calendar,
            limit=limit,
        )

    def _build(self, period: str | Period, definition: ScorecardDefinition, tables: Tables) -> Scorecard:
        return build(
            definition,
            tables,
            self.period(period) if isinstance(period, str) else period,
            organisation=self.settings.organisation,
            currency=self.settings.currency,
            data_version=self.lake.version,
            parameters=self.settings.metrics,
            calendar=self.settings.calendar,
        )
