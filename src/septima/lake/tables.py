"""The tables that the lake keeps: the canonical ones and its own, the quarantine and the merges of customers."""

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

MERGES = Table(
    "merges",
    Text("Which customers were found to be one person, and which merges were undone; only ever added to", "Какие клиенты признаны одним человеком и какие слияния отменены; строки только добавляются"),
    (
        Column("customer_id", "string", Text("The customer that the row is about", "Клиент, о котором строка"), required=True),
        Column("master_id", "string", Text("The oldest customer of the same person; the customer itself where it is that one", "Самый давний клиент того же человека; сам клиент, если это он и есть"), required=True),
        Column("linked_id", "string", Text("The customer with whom the agreement was found", "Клиент, с которым найдено совпадение"), required=True),
        Column("rule", "string", Text("What made the link", "Чем установлена связь"), required=True, choices=("exact_email", "exact_phone", "same_identifier", "probabilistic", "by_hand")),
        Column("score", "number", Text("Probability that both are one person", "Вероятность, что это один человек"), required=True, minimum=0, maximum=1),
        Column("evidence", "string", Text("Names of the columns that agree", "Имена совпавших столбцов"), required=True),
        Column("run", "integer", Text("Number of the lake’s version in which the link was made", "Номер версии хранилища, в которой связь установлена"), required=True, minimum=0),
        Column("decided_at", "timestamp", Text("When the link was made", "Когда связь установлена"), required=True),
        Column("author", "string", Text("Who ran or decided it", "Кто запустил или решил"), required=True),
        Column("undone_at", "timestamp", Text("When it was undone, on the row that undoes it", "Когда отменена — в строке, которая отменяет")),
        Column("recorded_at", "timestamp", Text("When the row was written; a customer’s newest row is in force", "Когда записана строка; действует самая новая строка клиента"), required=True),
    ),
    ("customer_id", "recorded_at"),
    "recorded_at",
)  # fmt: skip

LAKE_TABLES: dict[str, Table] = {**TABLES, QUARANTINE.name: QUARANTINE, MERGES.name: MERGES}
