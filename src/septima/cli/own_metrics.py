"""Metrics of the company's own: a file to begin with, and a check of those there are."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from septima.cli.output import Format, console, print_json, print_rows
from septima.metrics import catalogue
from septima.metrics.custom import FOLDER, OwnMetricsError, own_files, starter
from septima.schema import Language, SeptimaError

if TYPE_CHECKING:
    from septima.workspace import Workspace


def write_new_metric(workspace: "Workspace", directory: Path, metric_id: str, form: Format) -> None:
    """Write a commented file for a metric called `metric_id`; SeptimaError where the id or the file is taken."""
    content = starter(metric_id)
    if metric_id in catalogue():
        raise SeptimaError(f"the catalogue has a metric {metric_id!r} already; choose another id")
    path = workspace.directory / FOLDER / f"{metric_id}.yaml"
    if path.exists():
        raise SeptimaError(f"{path} is there already; choose another id, or remove it")
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    if form is Format.json:
        print_json({"file": str(path)})
        return
    console.print(
        f"Written to {path}. Change it to your needs, then: septima metrics {directory} --check", soft_wrap=True
    )


def check_own_metrics(workspace: "Workspace", language: Language, form: Format) -> None:
    """Print the company's own metrics, or every mistake in their files, which ends the command with code 1."""
    mistakes: tuple[str, ...] = ()
    files, own = [], []
    try:
        files = [name for name, _ in own_files(workspace.directory / FOLDER)]
        own = [metric for metric in workspace.catalogue.values() if metric.passport.fingerprint is not None]
    except OwnMetricsError as error:
        mistakes = tuple(mistake.en for mistake in error.mistakes)
    if form is Format.json:
        print_json({"files": files, "metrics": [metric.passport.definition for metric in own], "mistakes": mistakes})
    elif mistakes:
        for mistake in mistakes:
            console.print(mistake, soft_wrap=True, markup=False, highlight=False)
        console.print(f"Mistakes: {len(mistakes)}. Until they are mended, no metric is computed.", soft_wrap=True)
    elif not own:
        console.print(
            f"There are no metrics of your own in {workspace.directory / FOLDER}; begin one with --new ID",
            soft_wrap=True,
        )
    else:
        rows = [
            [metric.passport.definition, metric.passport.name.in_language(language), metric.passport.formula]
            for metric in own
        ]
        print_rows("", ["definition", "name", "formula"], rows)
        console.print(f"Metrics: {len(own)}, files: {len(files)}, no mistakes.", soft_wrap=True)
    if mistakes:
        raise typer.Exit(1)
