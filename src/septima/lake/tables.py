"""The tables that the lake keeps: the canonical ones and its own quarantine."""

from septima.schema import TABLES, Column, Table, Text

QUARANTINE = Table(
    "quarantine",
    Text("Rows that could not be loaded, each with the reason", "Строки, которые не удалось загрузить, с причинами"),
    (
        Column("quarantine_id", "string", Text("The entry", "Запись"), required=True),
        Column("source", "string", Text("Name of the source, from the mapping", "Имя источника, из сопоставления"), required=True),
        Column("file", "string", Text("The file", "Файл"), required=True),
        Column("row", "integer", Text("Number of the row in the file", "Номер строки в файле"), required=True, minimum=0),
        Column("table", "string", Text("The canonical table it was meant for", "Каноническая таблица, для которой предназначалась"), required=True),
        Column("column", "string", Text("The column that is wrong; empty where the whole row is", "Неверный столбец; пусто, если неверна вся строка"), required=True),
        Column("value", "string", Text("What stands there", "Что там стоит"), personal=True),
        Column("reason", "string", Text("What is wrong and what would be right", "Что неверно и как было бы верно"), required=True),
        Column("record", "json", Text("The whole row as it came", "Вся строка, как она пришла"), personal=True),
        Column("loaded_at", "timestamp", Text("When it was met", "Когда встретилась"), required=True),
        Column("resolved_at", "timestamp", Text("When a mended row was loaded", "Когда исправленная строка загружена")),
    ),
    ("quarantine_id",),
    "loaded_at",
)  # fmt: skip

LAKE_TABLES: dict[str, Table] = {**TABLES, QUARANTINE.name: QUARANTINE}
