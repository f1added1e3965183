"""Pages of the documentation that are written from the code, so that they cannot fall behind it.

MkDocs calls `on_files` while it gathers pages.
"""

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from typer.main import get_command

from septima.cli.commands import application
from septima.metrics import GRAINS, Metric, catalogue
from septima.schema import TABLES, Table
from septima.scorecard.definition import PERSPECTIVES


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference pages of tables, metrics and commands."""
    pages = {"tables": tables_page(), "metrics": metrics_page(), "commands": commands_page()}
    for name, content in pages.items():
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    return files


def tables_page() -> str:
    """Every canonical table with its columns, types, units and rules."""
    lead = (
        "# Canonical tables\n\nWhatever a source calls things, after loading they are called as here. Keys are marked "
        "🔑, columns that identify a person 👤. Times are UTC; money has four decimal places and its `currency`.\n"
    )
    return "\n".join([lead, *(_table_section(table) for table in TABLES.values())])


def _table_section(table: Table) -> str:
    lines = [f"## {table.name}", "", f"{table.meaning.en} · *{table.meaning.ru}*", ""]
    if table.time:
        lines += [f"Rows fall into periods by `{table.time}`.", ""]
    lines += ["| column | type | meaning | rule |", "| --- | --- | --- | --- |"]
    for column in table.columns:
        marks = (" 🔑" if column.name in table.key else "") + (" 👤" if column.personal else "")
        rules = ["required"] if column.required else []
        rules += ["one of " + ", ".join(f"`{choice}`" for choice in column.choices)] if column.choices else []
        rules += [f"from {column.minimum:g}"] if column.minimum is not None else []
        rules += [f"to {column.maximum:g}"] if column.maximum is not None else []
        unit = f", {column.unit}" if column.unit else ""
        meaning = f"{column.meaning.en} · *{column.meaning.ru}*".replace("|", "\\|")
        lines.append(f"| `{column.name}`{marks} | {column.type}{unit} | {meaning} | {'; '.join(rules)} |")
    return "\n".join([*lines, ""])


def metrics_page() -> str:
    """The passport of every metric, by perspective."""
    lead = "# Metrics\n\nEach figure comes with n, a 95 % interval and the share of records that could not be used.\n"
    parts = [lead]
    for perspective, name in PERSPECTIVES.items():
        chosen = [metric for metric in catalogue().values() if metric.passport.perspective == perspective]
        if chosen:
            parts += [f"## {name.en}\n", *(_metric_section(metric) for metric in chosen)]
    return "\n".join(parts)


def _metric_section(metric: Metric) -> str:
    passport = metric.passport
    data = ", ".join(f"`{item}`" for item in passport.primary_data)
    slices = ", ".join(f"`{item}`" for item in metric.dimensions) or "none"
    parameters = ", ".join(f"`{name}` = {value}" for name, value in passport.parameters.items()) or "none"
    return "\n".join(
        [
            f"### {passport.name.en} · `{passport.id}`",
            "",
            f"*{passport.name.ru}.* {passport.description.en}",
            "",
            f"- **Good for:** {passport.use.en}",
            f"- **Method:** {passport.method.en}",
            f"- **Formula:** `{passport.formula}` ({passport.formula_source})",
            f"- **Interval:** {passport.interval.en}",
            f"- **Unit:** {passport.unit}; better is {passport.direction}; least sample {passport.minimum_sample}",
            f"- **Data:** {data}",
            f"- **Slices:** {slices}; **periods:** {', '.join(GRAINS)}",
            f"- **Parameters:** {parameters}",
            f"- **Version:** {passport.version}",
            "",
        ]
    )


def commands_page() -> str:
    """The help text of every command."""
    group = get_command(application)
    parts = ["# Commands\n", "An error is one clear line and exit code 1; add `--debug` to see where it arose.\n"]
    for name, command in group.commands.items():
        context = group.context_class(command, info_name=f"septima {name}")
        parts += [f"## septima {name}\n", f"```text\n{command.get_help(context)}\n```\n"]
    return "\n".join(parts)
